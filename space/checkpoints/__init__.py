"""The checkpoints that were found: a table of them, a metric over steps, one's card and notes."""
