"""From bars to scaled windows and labels."""
