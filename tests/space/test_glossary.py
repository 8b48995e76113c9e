from html import escape

from glossary import glossary
from vlmscope import METRICS


def test_every_figure_that_the_grid_may_show_is_explained():
    shown = glossary()
    for metric in METRICS:
        assert escape(metric.label) in shown
        assert escape(metric.help) in shown
