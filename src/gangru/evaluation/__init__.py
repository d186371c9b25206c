"""How a factor did, from any table of date, code and factor."""
