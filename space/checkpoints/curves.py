"""A metric over training steps: a line for each training run, a point for each checkpoint."""

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from vlmscope import Checkpoint
from vlmscope.checkpoints.table import over_steps, run_of

HEIGHT = 240
"""Pixels."""
GRID = "rgba(128, 128, 128, 0.25)"
COLOURS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#BBBBBB")
"""Paul Tol's bright scheme: told apart in any kind of colour blindness, on light and on dark."""


def curves(records: Sequence[Checkpoint], metric: str) -> go.Figure | None:
    """The figure of the records that have the metric; None when there is none."""
    points = over_steps(records, metric)
    if not points:
        return None
    figure = go.Figure()
    for run in dict.fromkeys(run_of(record) for _, _, record in points):
        own = [point for point in points if run_of(point[2]) == run]
        figure.add_scatter(
            x=[at for at, _, _ in own],
            y=[value for _, value, _ in own],
            # Texts of others are escaped, as Plotly reads some tags.
            name=escape(run),
            hovertext=[f"{escape(record.name)}: {value:.4g}" for _, value, record in own],
            hoverinfo="text",
            mode="lines+markers",
        )
    figure.update_layout(
        template="none",
        colorway=COLOURS,
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 12},
        dragmode=False,
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    by = "epoch" if all(record.step is None for record in records) else "step"
    axes = {
        **{"automargin": True, "fixedrange": True, "gridcolor": GRID, "zeroline": False},
        **{"title_font_size": 12, "title_standoff": 8},
    }
    figure.update_xaxes(title_text=by, **axes)
    figure.update_yaxes(title_text=escape(metric), **axes)
    return figure
