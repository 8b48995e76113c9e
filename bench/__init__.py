"""What is measured, and how: `python -m bench.engine`, `python -m bench.grid`."""
