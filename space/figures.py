"""The figures of a comparison as a table in HTML."""

import math
from collections.abc import Mapping
from html import escape

from gradio_comparisongrid import Cell, Comparison, Measured, Metric

VERDICTS = {True: "✓ correct", False: "✗ wrong", None: ""}


def table(value: Comparison) -> str:
    """The figures that were measured, a row for each variant; nothing when there are none yet."""
    measured = {key for cell in value.cells for key in cell.metrics}
    metrics = [metric for metric in value.metrics if metric.key in measured]
    if not metrics:
        return ""
    judged = any(cell.correct is not None for cell in value.cells)
    header = "".join(_heading(metric) for metric in metrics)
    rows = "".join(_row(cell, metrics, judged) for cell in value.cells)
    verdict = "<th></th>" if judged else ""
    return (
        f'<p class="beside">{escape(_note(value))}</p>'
        '<div class="figures"><table aria-label="Figures">'
        f"<thead><tr><th>Variant</th><td class='text'>Answer</td>{verdict}{header}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def has_same_table(before: Comparison, value: Comparison) -> bool:
    """Whether a value that came of another by words alone has its table, which they do not reach."""
    return value.metrics is before.metrics and all(
        cell is then or (cell.status == then.status == "running" and cell.metrics is then.metrics)
        for then, cell in zip(before.cells, value.cells, strict=True)
    )


def _note(value: Comparison) -> str:
    right = [cell.correct for cell in value.cells if cell.correct is not None]
    unjudged = len(value.cells) - len(right)
    others = f", {unjudged} without an answer to judge" if unjudged else ""
    score = (
        f"{sum(right)} of {len(right)} correct{others} (expected: {value.expected}). "
        if right
        else ""
    )
    return (
        f"{score}Seconds are of this one run, not repeated; a dash is what was not measured."
        if value.stamp.get("mode") != "measured"
        else score
    )


def _heading(metric: Metric) -> str:
    unit = f' <span class="unit">{escape(metric.unit)}</span>' if metric.unit else ""
    return f'<th scope="col" title="{escape(metric.help)}">{escape(metric.label)}{unit}</th>'


def _row(cell: Cell, metrics: list[Metric], judged: bool) -> str:
    # An answer stands here once it has ended, so that streaming words do not redraw the table.
    said = "…" if cell.status in ("waiting", "running") else cell.error or cell.answer
    if cell.status == "stopped":
        said = f"{cell.answer} (stopped)" if cell.answer else "(stopped)"
    subtitle = f' <span class="set">{escape(cell.subtitle)}</span>' if cell.subtitle else ""
    verdict = f"<td>{VERDICTS[cell.correct]}</td>" if judged else ""
    numbers = "".join(f"<td>{_number(cell.metrics, metric)}</td>" for metric in metrics)
    return (
        f'<tr><th scope="row">{escape(cell.title)}{subtitle}</th>'
        f'<td class="text">{escape(said)}</td>{verdict}{numbers}</tr>'
    )


def _number(metrics: Mapping[str, float | Measured | None], metric: Metric) -> str:
    value = metrics.get(metric.key)
    if isinstance(value, Measured):
        value = value.value
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.{metric.digits if metric.digits is not None else 2}f}"
