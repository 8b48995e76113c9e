"""Would a checkpoint load, and on which base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vlmscope.arr_coc.layout import Mismatch, fits, match, refusal
from vlmscope.checkpoints.adapter import (
    adapter_file,
    fit_lora,
    is_adapter,
    matched_modules,
    own_modules,
)
from vlmscope.checkpoints.header import Header
from vlmscope.checkpoints.hub_find import peeked_on_hub
from vlmscope.checkpoints.own import dtype_refusal, own_shapes
from vlmscope.checkpoints.places import is_hub, weights_file
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.recognise import Recognised, recognise
from vlmscope.checkpoints.sources import default_hub, local_source
from vlmscope.checkpoints.weights import header_of
from vlmscope.values.errors import CheckpointError


@dataclass(frozen=True)
class Check:
    """`ok`, or the `reason` it is refused, one sentence on one line, and how its keys compare."""

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


def check_checkpoint(
    source: str,
    hidden_size: int | None = None,
    linear: Mapping[str, tuple[int, int]] | None = None,
) -> Check:
    """Hold a checkpoint against a base, or against the base it suggests itself.

    A head against the base's `hidden_size`, an adapter against its `linear` modules ([out, in] by name).
    Never raises for a checkpoint: what is wrong with it is the `reason`.
    """
    try:
        if is_hub(source):
            seen = _seen_on_hub(source, hidden_size, linear)
            if seen.kind != "lora" or not seen.ok:  # of an adapter the config is read too
                return seen
            source = local_source(source)
        path = adapter_file(source) if is_adapter(source) else weights_file(source)
        header = header_of(path)
    except CheckpointError as error:
        return Check(False, reason=str(error))
    report = check_header(path.name, header, hidden_size, linear)
    if report.kind != "lora" or not report.ok:
        return report
    try:  # its config too, which says how strong it is
        fit_lora(source, own_modules(header) if linear is None else linear)
    except CheckpointError as error:
        return replace(report, ok=False, reason=str(error))
    return report


def _seen_on_hub(
    source: str, hidden_size: int | None, linear: Mapping[str, tuple[int, int]] | None
) -> Check:
    with PickleReader() as reader:
        record = peeked_on_hub(default_hub(), source, reader)
    return check_header(record.name, Header(record.tensors or {}, {}), hidden_size, linear)


def check_header(
    name: str,
    header: Header,
    hidden_size: int | None = None,
    linear: Mapping[str, tuple[int, int]] | None = None,
) -> Check:
    """As `check_checkpoint`, of what a peek has seen: tensors' names, shapes and dtypes alone."""
    kind = recognise(name, header)
    if kind.kind == "lora":
        return _adapter(name, kind, header, linear)
    if kind.kind in ("model", "optimizer"):
        what = "a whole model" if kind.kind == "model" else "what a trainer keeps beside a model"
        reason = f"{name} holds {what}, and no head or adapter; give one of these."
        return Check(False, kind.kind, kind.fits, reason)
    try:
        own, _, _ = own_shapes(name, header.shapes)
    except CheckpointError as error:
        return Check(False, reason=str(error))
    report = match(own, hidden_size)
    unfit = dtype_refusal(name, header) if report.exact else None
    return Check(
        ok=report.exact and unfit is None,
        kind="arr-coc" if report.whole else None,
        fits=fits(report.hidden_size),
        reason=unfit if report.exact else refusal(name, report, hidden_size),
        matched=report.matched,
        missing=report.missing,
        unexpected=report.unexpected,
        mismatched=report.mismatched,
    )


def _adapter(
    name: str,
    kind: Recognised,
    header: Header,
    linear: Mapping[str, tuple[int, int]] | None,
) -> Check:
    try:
        matched_modules(name, header, own_modules(header) if linear is None else linear)
    except CheckpointError as error:
        return Check(False, "lora", kind.fits, str(error))
    return Check(True, "lora", kind.fits, matched=tuple(sorted(header.tensors)))
