"""Would a checkpoint load, and on which base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vlmscope.arr_coc.layout import Mismatch, fits, match, refusal
from vlmscope.checkpoints.head import dtype_refusal, own_shapes
from vlmscope.checkpoints.header import read_header
from vlmscope.checkpoints.places import weights_file
from vlmscope.values.errors import CheckpointError


@dataclass(frozen=True)
class Check:
    """`ok`, or the `reason` it is refused, and how its keys compare."""

    ok: bool
    kind: str | None = None
    fits: str | None = None
    reason: str | None = None
    matched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    mismatched: tuple[Mismatch, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        mismatched = [
            {"key": each.key, "expected": list(each.expected), "found": list(each.found)}
            for each in self.mismatched
        ]
        return {**self.__dict__, "mismatched": mismatched}


def check_checkpoint(source: str, hidden_size: int | None = None) -> Check:
    """Hold a checkpoint against a base of `hidden_size`, or against the base it suggests itself.

    Never raises for a checkpoint: what is wrong with it is the `reason`.
    """
    try:
        path = weights_file(source)
        header = read_header(path)
        own, _, _ = own_shapes(path.name, header.shapes)
    except CheckpointError as error:
        return Check(False, reason=str(error))
    report = match(own, hidden_size)
    unfit = dtype_refusal(path.name, header) if report.exact else None
    return Check(
        ok=report.exact and unfit is None,
        kind="arr-coc" if report.whole else None,
        fits=fits(report.hidden_size),
        reason=unfit if report.exact else refusal(path.name, report, hidden_size),
        matched=report.matched,
        missing=report.missing,
        unexpected=report.unexpected,
        mismatched=report.mismatched,
    )
