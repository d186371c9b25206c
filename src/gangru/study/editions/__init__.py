"""Editions that were issued: kept as they were, compared with what is computed now."""
