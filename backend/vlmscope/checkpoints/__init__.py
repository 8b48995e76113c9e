"""Checkpoints: found, read in kilobytes, loaded exactly or refused."""
