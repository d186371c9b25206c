"""Where market data come from, one file a source."""
