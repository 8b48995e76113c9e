"""A synchronised N-way comparison grid with heatmap overlays, for Gradio."""

from .cell import Cell, Measured, Metric
from .comparison import Comparison, View
from .component import ComparisonGrid
from .errors import InvalidComparison
from .maps import Layer, Map, Word
from .tokens import Tokens

__all__ = [
    "Cell",
    "Comparison",
    "ComparisonGrid",
    "InvalidComparison",
    "Layer",
    "Map",
    "Measured",
    "Metric",
    "Tokens",
    "View",
    "Word",
]
