"""Folds, batches, loops and checkpoints, on NumPy and PyTorch alone."""
