"""The monthly: its contents, its charts and its renderings."""
