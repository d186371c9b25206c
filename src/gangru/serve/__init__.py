"""Pages to explore a workspace by, on this machine alone."""
