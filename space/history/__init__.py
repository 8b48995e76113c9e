"""What a person compared, kept: the store, its exports, and the tab that shows it."""
