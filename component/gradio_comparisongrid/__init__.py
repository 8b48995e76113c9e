"""A synchronised N-way comparison grid with heatmap overlays, for Gradio."""

from .cell import Cell, Measured, Metric
from .comparison import Comparison
from .component import ComparisonGrid
from .errors import InvalidComparison
from .events import Selection, Vote
from .maps import Layer, Map, Word
from .tokens import Tokens
from .view import View

__all__ = [
    "Cell",
    "Comparison",
    "ComparisonGrid",
    "InvalidComparison",
    "Layer",
    "Map",
    "Measured",
    "Metric",
    "Selection",
    "Tokens",
    "View",
    "Vote",
    "Word",
]
