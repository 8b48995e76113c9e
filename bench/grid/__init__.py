"""How fast the grid is, in a real browser: eight cells, an image of one megapixel, maps of 32 × 32.

Usage: python -m bench.grid [NAME ...], from the repository's root, with NAME one of
frames, stream, settings, first_paint, images, bundle. All of them take about ten minutes.
"""
