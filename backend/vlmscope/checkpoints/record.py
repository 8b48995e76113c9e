"""A `Checkpoint`: what can be said of a file without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Checkpoint:
    """A file with weights, from a peek; None where nothing is known.

    `kind` is "arr-coc" or "lora"; `bytes` its size; `modified` ISO 8601 in UTC; `fits` names the
    base it belongs to; `tensors` maps each key to its shape and dtype; `said_by` says for each
    known field where it was read.
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

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
