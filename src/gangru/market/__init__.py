"""The market: bars, dated facts, the store they live in and the rules they obey."""
