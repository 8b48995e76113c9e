"""What the API gives for a comparison: plain data that says what each number is."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Literal, NotRequired, TypedDict

from offer import Offer
from places import Standing
from request import Request
from titles import base_name, given_title
from vlmscope import Result, Run, Variant, judge, metrics_for
from vlmscope.values.metrics import Mode

COUNTED = ("image_tokens", "image_tokens_total")
"""Figures that stand beside the answer, and not among the metrics again."""


class Figure(TypedDict):
    """A figure with its unit; measured repeatedly, the median of `n`, from `low` to `high`."""

    value: float
    unit: str
    low: NotRequired[float]
    high: NotRequired[float]
    n: NotRequired[int]


class Outcome(TypedDict):
    """What one variant answered, what it kept and what it cost.

    `correct` is null where nothing was expected or there is no whole answer; `judged_by` is the
    rule in words.
    """

    id: str
    variant: str
    status: Literal["running", "done", "failed", "stopped"]
    answer: str
    correct: bool | None
    judged_by: str | None
    image_tokens: int | None
    image_tokens_total: int
    metrics: dict[str, Figure]
    warnings: list[str]
    error: str | None


class Line(TypedDict):
    """Where a comparison stands in the line, 1 is next, and the seconds that it waits for about, where
    that can be told."""

    place: int
    seconds: float | None


class Document(TypedDict):
    """A comparison: its question, the outcomes in the order of the variants, and the conditions.

    There is a `line` and no outcome as long as it waits for others.
    """

    question: str
    expected: str | None
    image: dict[str, int]
    variants: list[Outcome]
    metrics: dict[str, str]
    conditions: dict[str, Any]
    line: NotRequired[Line]


def in_line(asked: Request, expected: str | None, standing: Standing) -> Document:
    """A comparison that waits for its place."""
    width, height = asked.image.size
    return {
        "question": asked.question,
        "expected": expected,
        "image": {"width": width, "height": height},
        "variants": [],
        "metrics": {},
        "conditions": {},
        "line": {"place": standing.place, "seconds": standing.seconds},
    }


def document(
    run: Run, expected: str | None, offer: Offer, running: Collection[str] = ()
) -> Document:
    """A run as the API gives it; variants whose ids are in `running` have not ended yet.

    Offered checkpoints go by their names: nothing says where one lies on a shared server.
    """
    mode: Mode = "measured" if run.stamp.get("mode") == "measured" else "together"
    outcomes = [_outcome(result, run, expected, offer, running, mode) for result in run.results]
    measured = {key for each in outcomes for key in each["metrics"]}
    return {
        "question": run.query,
        "expected": expected,
        "image": {
            "width": run.image.width,
            "height": run.image.height,
            "rows": run.image.rows,
            "cols": run.image.cols,
            "tokens": run.image.tokens,
        },
        "variants": outcomes,
        "metrics": {m.key: m.help for m in metrics_for(mode) if m.key in measured},
        "conditions": {
            **run.stamp,
            "base": base_name(str(run.stamp.get("base", ""))),
            "options": dict(run.options),
        },
    }


def _outcome(
    result: Result,
    run: Run,
    expected: str | None,
    offer: Offer,
    running: Collection[str],
    mode: Mode,
) -> Outcome:
    is_done = result.status == "done" and result.id not in running
    verdict = judge(result.answer, [expected]) if is_done and expected else None
    return {
        "id": result.id,
        "variant": _line(offer.veiled(result.variant)),
        "status": "running" if result.id in running else result.status,
        "answer": result.answer,
        "correct": verdict.correct if verdict else None,
        "judged_by": verdict.how if verdict else None,
        "image_tokens": None if result.assign is None else len(result.kept),
        "image_tokens_total": run.image.tokens,
        "metrics": _figures(result, mode),
        "warnings": [_veiled(sentence, offer.places) for sentence in result.warnings],
        "error": result.error and _veiled(result.error, offer.places),
    }


def _line(variant: Variant) -> str:
    """The variant in one line, without the id, which stands beside it."""
    return str(replace(variant, id="", title=given_title(variant)))


def _figures(result: Result, mode: Mode) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for metric in metrics_for(mode):
        if metric.key not in result.metrics or metric.key in COUNTED:
            continue
        figure: Figure = {"value": result.metrics[metric.key], "unit": metric.unit}
        if spread := result.spreads.get(metric.key):
            figure.update(low=spread.low, high=spread.high, n=spread.n)
        figures[metric.key] = figure
    return figures


def _veiled(sentence: str, places: Mapping[str, str]) -> str:
    """A sentence with names for the places in it, longer ones first: one may lie in another."""
    for name, place in sorted(places.items(), key=lambda each: -len(each[1])):
        sentence = sentence.replace(place, name)
    return sentence
