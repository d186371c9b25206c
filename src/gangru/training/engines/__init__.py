"""Ways to run the folds, one file each."""
