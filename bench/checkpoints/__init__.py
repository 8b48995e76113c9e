"""Peeking at checkpoints and listing folders of them, against loading them."""
