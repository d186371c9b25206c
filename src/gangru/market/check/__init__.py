"""What is wrong or missing in a store, by rules: each counts, shows examples and says what to do."""
