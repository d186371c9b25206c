"""A simulated A-share-like market with a planted signal of known strength."""
