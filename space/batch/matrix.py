"""Cases by variants as a heatmap: right or wrong, image tokens, or measured latency."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from batch.plan import Plan
from batch.rows import Outcome, Row
from batch.views import MARKS, cut, said
from titles import short_title
from vlmscope import Case

CORRECT, TOKENS, LATENCY = "Right or wrong", "Image tokens", "Latency"
ROW_HEIGHT, MARGIN = 26, 96
"""Pixels."""
RIGHT, WRONG, OPEN = "#2a788e", "#e07b39", "#8a8a8a"
"""Told apart in any kind of colour blindness, and by their marks."""


@dataclass(frozen=True)
class _Shade:
    """How a cell's number is made, written and coloured."""

    number: Callable[[Outcome], float | None]
    text: Callable[[Outcome], str]
    style: dict[str, Any]


def measures(plan: Plan) -> list[str]:
    """What the heatmap can show: right or wrong where something is expected, latency where measured."""
    judged = [CORRECT] if any(case.expected for case in plan.cases) else []
    return [*judged, TOKENS, *([LATENCY] if plan.is_measured else [])]


def matrix(
    numbers: Sequence[int], cases: Sequence[Case], rows: Sequence[Row], plan: Plan, measure: str
) -> go.Figure:
    """The heatmap of some cases, the first at the top; a cell's customdata is the case's number."""
    shade = _SHADES[measure]
    grid = [[row.outcomes.get(variant.id) for variant in plan.variants] for row in rows]
    z = [[None if each is None else shade.number(each) for each in line] for line in grid]
    heat = go.Heatmap(
        z=z,
        text=[["" if each is None else shade.text(each) for each in line] for line in grid],
        texttemplate="%{text}",
        hovertext=[
            [_told(number, case, row, plan, at) for at in range(len(plan.variants))]
            for number, case, row in zip(numbers, cases, rows, strict=True)
        ],
        hoverinfo="text",
        customdata=[[number] * len(plan.variants) for number in numbers],
        xgap=2,
        ygap=2,
        zmin=0,
        zmax=max((each for line in z for each in line if each is not None), default=None),
    )
    heat.update(shade.style)
    figure = go.Figure(heat)
    figure.update_layout(
        template="none",
        height=MARGIN + ROW_HEIGHT * max(len(rows), 3),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 12},
        dragmode=False,
        hoverlabel={"align": "left", "font": {"size": 12}},
    )
    names = [wrap(cut(short_title(variant), 40), 16) for variant in plan.variants]
    figure.update_xaxes(
        side="top",
        tickvals=list(range(len(names))),
        ticktext=["<br>".join(map(escape, lines)) for lines in names],
        automargin=True,
        fixedrange=True,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(rows))),
        ticktext=[
            f"{number}  {escape(cut(case.query, 26))}"
            for number, case in zip(numbers, cases, strict=True)
        ],
        automargin=True,
        fixedrange=True,
        showgrid=False,
        zeroline=False,
    )
    return figure


def _told(number: int, case: Case, row: Row, plan: Plan, at: int) -> str:
    """What stands beside the pointer; texts of others are escaped, as Plotly reads some tags."""
    variant = plan.variants[at]
    lines = [f"<b>{number} · {escape(cut(case.query, 100))}</b>", escape(short_title(variant))]
    outcome = row.outcomes.get(variant.id)
    if outcome is None:
        lines.append(escape(cut(row.error or "", 120)))
    else:
        lines.append(f"{MARKS[outcome.correct]} {escape(said(outcome, 120))}")
        if case.expected:
            lines.append(f"expected: {escape(cut(' / '.join(case.expected), 80))}")
        if outcome.how:
            lines.append(escape(outcome.how))
        if outcome.tokens is not None:
            lines.append(f"{outcome.tokens} image tokens")
        if outcome.seconds is not None:
            lines.append(f"{outcome.seconds:.3f} s, measured by itself")
    return "<br>".join(lines)


def _verdict(outcome: Outcome) -> float:
    return {True: 1.0, False: 0.0, None: 0.5}[outcome.correct]


def _scale(unit: str) -> dict[str, Any]:
    return {"colorscale": "Viridis", "colorbar": {"title": {"text": unit}, "thickness": 12}}


_THIRDS = [
    *([0, WRONG], [1 / 3, WRONG]),
    *([1 / 3, OPEN], [2 / 3, OPEN]),
    *([2 / 3, RIGHT], [1, RIGHT]),
]
_SHADES = {
    CORRECT: _Shade(
        _verdict,
        lambda outcome: f"{MARKS[outcome.correct]} {escape(said(outcome, 14))}",
        {"colorscale": _THIRDS, "zmax": 1, "showscale": False},
    ),
    TOKENS: _Shade(
        lambda outcome: outcome.tokens,
        lambda outcome: "" if outcome.tokens is None else str(outcome.tokens),
        _scale("tokens"),
    ),
    LATENCY: _Shade(
        lambda outcome: outcome.seconds,
        lambda outcome: "" if outcome.seconds is None else f"{outcome.seconds:.3g}",
        _scale("s"),
    ),
}
