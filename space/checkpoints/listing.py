"""The list of checkpoints: a table, what filters and sorts it, a metric over steps and the best by it."""

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from card import size_text, time_text
from checkpoints.curves import curves
from checkpoints.layout import ALL
from menu import KINDS
from shelf import Found, Shelf
from vlmscope import Checkpoint
from vlmscope.checkpoints.table import (
    ORDERS,
    best,
    filtered,
    lower_is_better,
    metric_names,
    ordered,
)


def listed(shelf: Shelf, found: Found, words: str, kind: str, by: str, metric: str) -> list[Any]:
    """Updates of the table, its two menus, the metric's, the plot and the best."""
    kinds = sorted({record.kind or "unknown" for record in found.records})
    metrics = metric_names(found.records)
    kind = kind if kind in kinds else ALL
    by = by if by in (*ORDERS, *metrics) else ORDERS[0]
    metric = metric if metric in metrics else (metrics[0] if metrics else "")
    rows = filtered(found.records, words, () if kind == ALL else (kind,))
    rows = ordered(rows, by) if by in (*ORDERS, *metric_names(rows)) else rows
    return [
        _table(shelf, found, rows, metrics[:3]),
        gr.update(choices=[ALL, *kinds], value=kind),
        gr.update(choices=[*ORDERS, *metrics], value=by),
        gr.update(choices=metrics, value=metric or None, interactive=bool(metrics)),
        _plot(rows, metric),
        _best(rows, metric),
    ]


def _table(
    shelf: Shelf, found: Found, rows: Sequence[Checkpoint], metrics: Sequence[str]
) -> pd.DataFrame:
    numbers = {record.source: number for number, record in enumerate(found.records, start=1)}
    return pd.DataFrame(
        [
            {
                "#": numbers[record.source],
                "Name": record.name,
                "Kind": _kind(record),
                "Loads here": "✓" if shelf.check(record).ok else "✗",
                "Step": "" if record.step is None else f"{record.step}",
                "Epoch": "" if record.epoch is None else f"{record.epoch:g}",
                **{name: _figure(record, name) for name in metrics},
                "Size": size_text(record.bytes),
                "Changed (UTC)": time_text(record.modified),
                "Notes": (record.notes or "")[:60],
            }
            for record in rows
        ]
    )


def _kind(record: Checkpoint) -> str:
    if record.writing:
        return "being written"
    return KINDS.get(record.kind or "", record.kind or "unknown")


def _figure(record: Checkpoint, metric: str) -> str:
    value = (record.metrics or {}).get(metric)
    return "" if value is None else f"{value:.4g}"


def _plot(rows: Sequence[Checkpoint], metric: str) -> Any:
    drawn = curves(rows, metric) if metric else None
    return gr.update(value=drawn, visible=drawn is not None)


def _best(rows: Sequence[Checkpoint], metric: str) -> str:
    one = best(rows, metric) if metric else None
    if one is None:
        return ""
    which = "lowest" if lower_is_better(metric) else "highest"
    at = "" if one.step is None else f", step {one.step}"
    value = (one.metrics or {})[metric]
    return (
        f'<p class="best">Best by {escape(metric)} ({which}): <b>{escape(one.name)}</b>, '
        f"{value:.4g}{at}</p>"
    )
