"""What is said of a checkpoint, by its file, its neighbours and its name, put together in one record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from vlmscope.checkpoints.record import Checkpoint
from vlmscope.values import strict_json
from vlmscope.values.errors import plain, shown

TEXTS = ("notes", "hypothesis", "result")
FREE = ("config", "keep")
BY_HAND = ("keep", *TEXTS)
"""What people write down of a checkpoint, and is written back."""
MAX_METRICS = 200

_SAME = {"global_step": "step", "model_config": "config", "training_args": "config"}
"""Other names of the same, as trainers write them."""
_IS_METRIC = re.compile(r"(^|_)(loss|acc|accuracy|f1|bleu|perplexity|score)(_|$)")
_NAMED = {
    "step": re.compile(r"(?:^|[_-])(?:step|checkpoint)[-_]?(\d{1,12})(?![\d.])"),
    "epoch": re.compile(r"(?:^|[_-])epoch[-_]?(\d{1,9})(?![\d.])"),
}
_NAMED_METRIC = re.compile(r"(?:^|[_-])(acc|loss)[-_](\d+(?:\.\d+)?)(?=$|[_-])")
_NO_METRIC = {"epoch", "step", "learning_rate", "grad_norm", "total_flos"}


@dataclass(frozen=True)
class Saying:
    """What one source, in words, says of some of a record's fields; and what of it was unreadable."""

    who: str
    says: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def said(who: str, values: Mapping[str, Any]) -> Saying:
    """Fields of a record among plain values, whoever wrote them; text is read as the field's kind."""
    says: dict[str, Any] = {}
    warnings: list[str] = []
    for key, value in sorted(values.items(), key=lambda item: item[0] in _SAME):
        name = _SAME.get(key, key)
        if value is None or name in says:
            continue
        try:
            if name == "epoch":
                says[name] = _number(value)
            elif name == "step":
                says[name] = _whole(value)
            elif name == "metrics":
                says[name], left_out = _metrics(value)
                if left_out:
                    warnings.append(
                        f"{_capital(who)} gives no finite number for {_listed(left_out)}."
                    )
            elif name in FREE:
                says[name] = _parsed(value)
            elif name in TEXTS:
                text = value if isinstance(value, str) else strict_json.dumps(value)
                says[name] = text.encode("utf-8", "replace").decode()  # half a character is none
        except (ValueError, TypeError, RecursionError, OverflowError):
            warnings.append(f"{_capital(who)} gives a {key} that cannot be read: {shown(value)}.")
    return Saying(who, says, tuple(warnings))


def said_by_file(who: str, facts: Mapping[str, Any]) -> Saying:
    """As `said`, and the metrics that a trainer wrote beside each other, such as `val_loss`."""
    saying = said(who, facts)
    loose = {
        key: value
        for key, value in facts.items()
        if _IS_METRIC.search(key) and _is_number(value) and _is_finite(value)
    }
    if not loose:
        return saying
    metrics = {**loose, **saying.says.get("metrics", {})}
    return replace(saying, says={**saying.says, "metrics": metrics})


def said_by_trainer(who: str, state: Mapping[str, Any]) -> Saying:
    """The `trainer_state.json` of transformers: where it stood, and the last of each logged number."""
    last: dict[str, Any] = {}
    history = state.get("log_history")
    for entry in history if isinstance(history, list) else ():
        if isinstance(entry, dict):
            last.update({k: v for k, v in entry.items() if k not in _NO_METRIC and _is_number(v)})
    if _is_number(state.get("best_metric")):
        last["best_metric"] = state["best_metric"]
    facts = {key: state.get(key) for key in ("epoch", "global_step")}
    return said(who, {**facts, "metrics": last or None})


def said_by_name(name: str) -> Saying:
    """What a file's or a folder's name says: `step-500`, `epoch3`, `acc-0.81`."""
    says: dict[str, Any] = {}
    for key, pattern in _NAMED.items():
        found = pattern.search(name)
        if found:
            says[key] = int(found[1])
    metrics = {key: float(value) for key, value in _NAMED_METRIC.findall(name)}
    if metrics:
        says["metrics"] = metrics
    return Saying("its name", says)


def put_together(record: Checkpoint, sayings: Sequence[Saying]) -> Checkpoint:
    """The record with every field as the first of them says it; who said it, and who says otherwise."""
    known: dict[str, Any] = {}
    by: dict[str, str] = {}
    warnings = [*record.warnings]
    for saying in sayings:
        warnings += saying.warnings
        for name, value in saying.says.items():
            if name not in known:
                known[name], by[name] = value, saying.who
                continue
            for what, one, other in _unlike(name, known[name], value):
                warnings.append(
                    f"{_capital(by[name])} says {what} {one}, {saying.who} says {other}."
                )
            if name == "metrics":
                known[name] = {**value, **known[name]}
    return replace(record, **known, warnings=tuple(warnings), said_by=by)


def _capital(who: str) -> str:
    return who if "." in who else who[:1].upper() + who[1:]


def _listed(names: list[str], most: int = 5) -> str:
    some = ", ".join(plain(name, 60) for name in names[:most])
    return some + (f" and {len(names) - most:,} more" if len(names) > most else "")


def _unlike(name: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two sources say different numbers; texts and configs are not compared."""
    if name in ("epoch", "step") and one != other:
        yield name, one, other
    elif name == "metrics":
        for key in one.keys() & other.keys():
            if abs(one[key] - other[key]) > 0.005 * max(abs(one[key]), abs(other[key]), 1e-9):
                yield plain(key, 60), f"{one[key]:g}", f"{other[key]:g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:
        return False


def _number(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not isfinite(number):
        raise ValueError(value)
    return int(number) if number.is_integer() else number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    return int(value)


def _metrics(value: Any) -> tuple[dict[str, float], list[str]]:
    """Numbers by name, and the names of those beyond what a float holds.

    Nested groups are joined with a dot; what is no number is left out.
    """
    values = strict_json.loads(value) if isinstance(value, str) else value
    if not isinstance(values, dict):
        raise ValueError(value)
    numbers = dict(_flat("", values))
    kept = [name for name, number in numbers.items() if _is_finite(number)]
    left_out = [name for name, number in numbers.items() if not _is_finite(number)]
    return {name: numbers[name] for name in kept[:MAX_METRICS]}, left_out


def _flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        elif _is_number(value):
            yield f"{prefix}{key}", value


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return strict_json.loads(value)
    except (ValueError, RecursionError):
        return value
