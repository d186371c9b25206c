"""The proof against leaks: other futures, shuffled labels and the spans of labels, on any workspace."""
