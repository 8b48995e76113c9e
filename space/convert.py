"""The one converter from the engine's values to the grid's: a `Run`, or its events one by one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gradio.data_classes import FileData

from gradio_comparisongrid import Cell, Comparison, Layer, Measured, Metric, Tokens, Word
from titles import base_name, heading, settings_line, without_folder
from vlmscope import (
    METRICS,
    Event,
    Evidence,
    Failed,
    Finished,
    Maps,
    Result,
    Run,
    RunImage,
    Started,
    Stopped,
    Token,
    TokenMap,
    Variant,
    judge,
    metrics_for,
)
from vlmscope.values.metrics import Mode

SHARED = ("image_tokens_total", "vision_s")
"""Figures that belong to the image: told in the conditions, but for a cell with an image of its own."""


@dataclass(frozen=True)
class Context:
    """What the app knows and the engine does not.

    `expected` is the right answer, when it is known, or several that are; `notes` says something
    about a source, such as the step of a checkpoint.
    """

    expected: str | Sequence[str] | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


def from_run(run: Run, context: Context = Context()) -> Comparison:
    """The grid's value of a finished run, its cells in the order of the run's results."""
    variants = [result.variant for result in run.results]
    value = _waiting(run.image, run.query, run.stamp, variants, context)
    cells = [
        _with_result(cell, result, context)
        for cell, result in zip(value.cells, run.results, strict=True)
    ]
    stamp = dict(value.stamp)
    for result in run.results:
        stamp |= _shared_figures(result.metrics, result.image, _mode(run.stamp))
    return finished(value.model_copy(update={"cells": cells, "stamp": stamp}))


def from_started(event: Started, context: Context) -> Comparison:
    """The grid's value before anything is known: the image, and every cell waiting."""
    return _waiting(event.image, event.query, event.stamp, event.variants, context)


def advanced(value: Comparison, event: Event, context: Context) -> Comparison:
    """The grid's value after one more event; `value` itself stays as it is."""
    if isinstance(event, Started):
        return from_started(event, context)
    cell = value.cells[event.index]
    if isinstance(event, Maps):
        cell = _with_maps(cell, event)
    elif isinstance(event, Token):
        text = cell.answer[: event.start] + event.text
        words = [*cell.words]
        if event.attention is not None and event.end > event.start:
            words.append(_word(event.start, event.end, event.attention))
        cell = cell.model_copy(update={"answer": text, "status": "running", "words": words})
    elif isinstance(event, Finished | Failed | Stopped | Evidence):
        cell = _with_result(cell, event.result, context)
    cells = [*value.cells]
    cells[event.index] = cell
    stamp = value.stamp | (
        _shared_figures(event.metrics, event.image, "together") if isinstance(event, Maps) else {}
    )
    return value.model_copy(update={"cells": cells, "stamp": stamp})


def finished(value: Comparison) -> Comparison:
    """The grid's value with only those metrics that some cell measured."""
    measured = {key for cell in value.cells for key in cell.metrics}
    metrics = [metric for metric in value.metrics if metric.key in measured]
    return value.model_copy(update={"metrics": metrics})


def is_correct(answer: str, expected: str | Sequence[str] | None) -> bool | None:
    """Whether an answer is an expected one, by the rules of `judge`; None where nothing is expected."""
    judged = judge(answer, expected or ())
    return judged.correct if judged else None


def _in_words(expected: str | Sequence[str] | None) -> str | None:
    return expected if expected is None or isinstance(expected, str) else " / ".join(expected)


def _waiting(
    image: RunImage,
    query: str,
    stamp: Mapping[str, Any],
    variants: Sequence[Variant],
    context: Context,
) -> Comparison:
    return Comparison(
        image=image.pixels,
        query=query,
        expected=_in_words(context.expected),
        stamp=conditions(stamp),
        metrics=[
            Metric(m.key, m.label, unit=m.unit, better=m.better, digits=m.digits, help=m.help)
            for m in metrics_for(_mode(stamp))
            if m.key != "image_tokens_total"
        ],
        cells=[
            Cell(
                variant.id,
                heading(variant),
                subtitle=settings_line(variant, context.notes),
                status="waiting",
            )
            for variant in variants
        ],
    )


def conditions(stamp: Mapping[str, Any]) -> dict[str, str]:
    """What the grid says of the conditions: known facts only, a group in one line."""
    versions = stamp.get("versions") or {}
    said = {name: stamp.get(name) for name in ("base", "revision", "dtype", "hardware", "mode")}
    said["base"] = base_name(said["base"] or "")
    if stamp.get("repeats", 1) > 1:
        said["mode"] = f"{said['mode']}, {stamp['repeats']} runs of each"
    said["versions"] = ", ".join(f"{name} {v}" for name, v in versions.items() if v)
    return {name: str(fact) for name, fact in said.items() if fact}


def _with_maps(cell: Cell, event: Maps) -> Cell:
    return cell.model_copy(
        update={
            "status": "running",
            "layers": _layers(event.maps.values()),
            "tokens": Tokens.from_assignment(event.assign),
            "metrics": _own_figures(event.metrics, event.assign, event.image),
            "image": _file(event.image),
            "warnings": list(event.warnings),
        }
    )


def _with_result(cell: Cell, result: Result, context: Context) -> Cell:
    known = result.status == "done"
    assign = result.assign
    return cell.model_copy(
        update={
            "status": result.status,
            "answer": result.answer,
            "correct": is_correct(result.answer, context.expected) if known else None,
            "error": result.error and without_folder(result.error, result.variant),
            "warnings": [without_folder(each, result.variant) for each in result.warnings],
            "metrics": _figures(result),
            "image": _file(result.image),
            "layers": _layers(result.maps.values()),
            "words": [_word(word.start, word.end, word.values) for word in result.words],
            "tokens": None if assign is None else Tokens.from_assignment(assign),
        }
    )


def with_selection(
    cell: Cell, result: Result, variant: Variant, event: Maps | Failed, context: Context
) -> Cell:
    """A finished cell that shows what `variant` would keep, beside the answer of its own budget.

    The answer's figures, verdict and maps of words belong to the other selection and are left out.
    """
    line = settings_line(variant, context.notes)
    was = result.variant.options.get("keep", "")
    base = cell.model_copy(
        update={
            "subtitle": f"{line} · answer of keep {was.replace('%', ' %')}",
            "correct": None,
            "words": [],
            "metrics": {},
        }
    )
    if isinstance(event, Failed):
        failed = event.result.error
        return base.model_copy(
            update={"status": "failed", "error": failed and without_folder(failed, variant)}
        )
    figures = _own_figures(event.metrics, event.assign, event.image)
    kept = {key: value for key, value in figures.items() if key == "image_tokens"}
    return _with_maps(base, event).model_copy(update={"status": cell.status, "metrics": kept})


def _layers(maps: Iterable[TokenMap]) -> list[Layer]:
    return [
        Layer.from_array(
            m.key, m.values, label=m.label, unit=m.unit, method=m.method, sinks=m.sinks
        )
        for m in maps
    ]


def _word(start: int, end: int, attention: np.ndarray) -> Word:
    # Half the bytes: there is one for each token, and colours do not tell eleven bits apart.
    return Word(start, end, attention, dtype="float16")


def _file(image: RunImage | None) -> FileData | None:
    return None if image is None else Comparison(image=image.pixels).image


def _mode(stamp: Mapping[str, Any]) -> Mode:
    return "measured" if stamp.get("mode") == "measured" else "together"


def _figures(result: Result) -> dict[str, float | Measured]:
    """A cell's own figures; measured repeatedly, all of them, with their spread."""
    if not result.spreads:
        return {**_own_figures(result.metrics, result.assign, result.image)}
    figures: dict[str, float | Measured] = {}
    for key, value in result.metrics.items():
        spread = result.spreads.get(key)
        figures[key] = (
            Measured(value, low=spread.low, high=spread.high, n=spread.n) if spread else value
        )
    figures.pop("image_tokens_total", None)
    return figures


def _own_figures(
    metrics: Mapping[str, float], assign: np.ndarray | None, image: RunImage | None
) -> dict[str, float]:
    """A cell's own figures; what keeps every token has selected nothing, in no time."""
    shown = {metric.key for metric in METRICS} - set(SHARED)
    if image is not None:
        return {key: value for key, value in metrics.items() if key in {*shown, "vision_s"}}
    if assign is not None and np.array_equal(assign.ravel(), np.arange(assign.size)):
        shown -= {"select_s"}
    return {key: value for key, value in metrics.items() if key in shown}


def _shared_figures(
    metrics: Mapping[str, float], image: RunImage | None, mode: Mode
) -> dict[str, str]:
    """What is the same in every cell; a cell with an image of its own has none of it."""
    if image is not None:
        return {}
    said = {}
    if "image_tokens_total" in metrics:
        said["image tokens"] = f"{metrics['image_tokens_total']:.0f}"
    if "vision_s" in metrics and mode == "together":
        said["vision tower"] = f"{metrics['vision_s']:.3f} s, once for all"
    return said
