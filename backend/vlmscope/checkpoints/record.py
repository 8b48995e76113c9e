"""A `Checkpoint`: what can be said of a file without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from vlmscope.values.errors import plain

MAX_WARNINGS = 20


@dataclass(frozen=True)
class Checkpoint:
    """A file with weights, from a peek; None where nothing is known.

    `kind` is "arr-coc", "lora", "model" (of a whole model, or a shard of it), "optimizer" (what a trainer
    keeps beside a model) or None; `bytes` its size; `modified` ISO 8601 in UTC; `fits` names the base it
    belongs to; `commit` is of a file on the Hub; `tensors` maps each key to its shape and dtype; `said_by`
    says for each known field where it was read. `writing`: it is still being written. Each warning is on one
    line, whatever names are in it.
    """

    name: str
    source: str
    kind: str | None = None
    bytes: int | None = None
    modified: str | None = None
    epoch: float | None = None
    step: int | None = None
    metrics: Mapping[str, float] | None = None
    config: Any = None
    notes: str | None = None
    keep: Any = None
    hypothesis: str | None = None
    result: str | None = None
    fits: str | None = None
    commit: str | None = None
    tensors: Mapping[str, tuple[tuple[int, ...], str]] | None = None
    warnings: tuple[str, ...] = ()
    said_by: Mapping[str, str] = field(default_factory=dict)
    writing: bool = False

    def __post_init__(self) -> None:
        warnings = tuple(map(plain, self.warnings))
        if len(warnings) > MAX_WARNINGS:
            more = f"And {len(warnings) - MAX_WARNINGS + 1} more warnings."
            warnings = (*warnings[: MAX_WARNINGS - 1], more)
        object.__setattr__(self, "warnings", warnings)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data; that it is being written is one of its warnings."""
        return {each.name: getattr(self, each.name) for each in fields(self)[:-1]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Checkpoint:
        """The record that `to_dict` gave, also after JSON; raises ValueError, TypeError or KeyError."""
        for name, kinds in _KINDS.items():
            if not isinstance(values[name], kinds):
                raise ValueError(f"{name} of another kind")
        tensors = values["tensors"] and {
            key: (tuple(shape), str(dtype)) for key, (shape, dtype) in values["tensors"].items()
        }
        if not all(isinstance(each, str) for each in values["warnings"]):
            raise ValueError("warnings of another kind")
        return cls(**{**values, "tensors": tensors, "warnings": tuple(values["warnings"])})


_NONE = type(None)
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "source"), (str,)),
    **dict.fromkeys(("kind", "modified", "fits", "commit"), (str, _NONE)),
    **dict.fromkeys(("notes", "hypothesis", "result"), (str, _NONE)),
    **dict.fromkeys(("bytes", "step"), (int, _NONE)),
    "epoch": (int, float, _NONE),
    **dict.fromkeys(("metrics", "tensors"), (Mapping, _NONE)),
    "said_by": (Mapping,),
    "warnings": (list, tuple),
}
