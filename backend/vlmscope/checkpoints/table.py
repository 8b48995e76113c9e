"""Records of checkpoints in order: filtered, sorted, a metric over steps, the best by a metric."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from vlmscope.checkpoints.record import Checkpoint
from vlmscope.values.errors import InputError, shown

ORDERS = ("modified", "name", "bytes", "epoch", "step", "kind", "fits")
_LOWER = re.compile(r"loss|error|perplexity|ppl|wer|cer|latency|seconds|time", re.IGNORECASE)


def metric_names(records: Sequence[Checkpoint]) -> list[str]:
    """Every metric that some record has, the most frequent first."""
    count: dict[str, int] = {}
    for record in records:
        for name in record.metrics or {}:
            count[name] = count.get(name, 0) + 1
    return sorted(count, key=lambda name: (-count[name], name))


def lower_is_better(metric: str) -> bool:
    """Whether a metric of this name is one of losses, errors and times."""
    return bool(_LOWER.search(metric))


def filtered(
    records: Sequence[Checkpoint],
    text: str = "",
    kinds: Sequence[str] = (),
    fits: str | None = None,
) -> list[Checkpoint]:
    """Those with every word of `text` in their name, place or notes, of a kind, and for a base."""
    words = text.casefold().split()

    def holds(record: Checkpoint) -> bool:
        said = (record.name, record.source, record.notes, record.hypothesis, record.result)
        whole = " ".join(each for each in said if each).casefold()
        return all(word in whole for word in words)

    return [
        record
        for record in records
        if holds(record)
        and (not kinds or (record.kind or "unknown") in kinds)
        and (fits is None or record.fits == fits)
    ]


def ordered(
    records: Sequence[Checkpoint], by: str = "modified", ascending: bool | None = None
) -> list[Checkpoint]:
    """Sorted by a field or a metric; those that lack it come last, in the order they had.

    Newest, largest and best first unless told otherwise; names from a to z.
    """
    if by not in ORDERS and by not in metric_names(records):
        raise InputError(
            f"There is nothing called {shown(by)} to sort by; use {', '.join(ORDERS)} or a "
            "metric that is there."
        )
    if ascending is None:
        ascending = by in ("name", "kind", "fits") or (by not in ORDERS and lower_is_better(by))

    def value(record: Checkpoint) -> Any:
        return getattr(record, by) if by in ORDERS else (record.metrics or {}).get(by)

    having = [record for record in records if value(record) is not None]
    lacking = [record for record in records if value(record) is None]
    return sorted(having, key=value, reverse=not ascending) + lacking


def best(records: Sequence[Checkpoint], metric: str) -> Checkpoint | None:
    """The one with the best value of a metric, the lowest of losses, errors and times; None if none has it.

    Of equal ones the one of the earliest step, and then the oldest: it took the least to get there.
    """
    having = [record for record in records if metric in (record.metrics or {})]
    sign = 1 if lower_is_better(metric) else -1

    def rank(record: Checkpoint):
        step = record.step if record.step is not None else float("inf")
        return sign * (record.metrics or {})[metric], step, record.modified or ""

    return min(having, key=rank, default=None)


def over_steps(records: Sequence[Checkpoint], metric: str) -> list[tuple[float, float, Checkpoint]]:
    """A metric by training step, or by epoch when no record has a step; those with neither are left out."""
    by_epoch = all(record.step is None for record in records)
    points = []
    for record in records:
        at = record.epoch if by_epoch else record.step
        if at is not None and metric in (record.metrics or {}):
            points.append((at, (record.metrics or {})[metric], record))
    return sorted(points, key=lambda point: point[0])


_PROGRESS = re.compile(
    r"[-_. ]*(step|epoch|checkpoint|ckpt|iter(ation)?)?s?[-_ ]?\d+$", re.IGNORECASE
)


def run_of(record: Checkpoint) -> str:
    """The training run that a checkpoint is of: its name without its step, after its folder's name.

    The folder alone where the name is nothing but a step, as trainers' `step-100` and `epoch-2` are.
    """
    place = PurePosixPath(record.source.replace("\\", "/"))
    folders = [part for part in place.parts[:-1] if part != "/"]
    name = _PROGRESS.sub("", record.name)
    while folders and (folders[-1] == record.name or not _PROGRESS.sub("", folders[-1])):
        folders.pop()
    return "/".join([*folders[-1:], *([name] if name else [])]) or record.name
