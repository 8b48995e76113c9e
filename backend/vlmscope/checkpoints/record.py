"""A `Checkpoint`: what can be said of a file without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Checkpoint:
    """A file with weights, from a peek; None where nothing is known.

    `kind` is "arr-coc", "lora", "model" (of a whole model, or a shard of it), "optimizer" (what a trainer
    keeps beside a model) or None; `bytes` its size; `modified` ISO 8601 in UTC; `fits` names the base it
    belongs to; `commit` is of a file on the Hub; `tensors` maps each key to its shape and dtype; `said_by`
    says for each known field where it was read. `writing`: it is still being written.
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

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data; that it is being written is one of its warnings."""
        return {each.name: getattr(self, each.name) for each in fields(self)[:-1]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Checkpoint:
        """The record that `to_dict` gave, also after JSON."""
        tensors = values["tensors"] and {
            key: (tuple(shape), dtype) for key, (shape, dtype) in values["tensors"].items()
        }
        return cls(**{**values, "tensors": tensors, "warnings": tuple(values["warnings"])})
