"""Vendors of market data as sources: what they have in common, and one file for each."""
