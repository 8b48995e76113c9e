"""What the engine costs beside plain `generate`: `python -m bench.engine`."""
