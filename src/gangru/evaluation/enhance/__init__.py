"""Long-only portfolios against an index: the best score within bounds on what may differ from it."""
