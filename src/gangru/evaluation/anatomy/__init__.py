"""What a factor is made of: how it lasts, how its groups rank, where it works and which styles it repeats."""
