"""`peek` and `discover`: checkpoints from their headers alone, kilobytes whatever their size."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from vlmscope.arr_coc.layout import fits, match
from vlmscope.checkpoints.head import base_keys_warning, dtype_refusal, own_shapes
from vlmscope.checkpoints.header import Header, read_header
from vlmscope.checkpoints.places import PICKLES, WEIGHT_NAMES, is_hub, readable_file, weights_file
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.values import strict_json
from vlmscope.values.errors import CheckpointError

HEADER = "the file's header"
MAX_FOUND = 5000


def peek(source: str | os.PathLike[str]) -> Checkpoint:
    """What a safetensors file, or the one in a folder, says of itself; no tensor is read.

    Raises CheckpointError for what is missing or cannot be read.
    """
    return _read(weights_file(os.fspath(source)))


def _read(path: Path) -> Checkpoint:
    header = read_header(path)
    kind, base, warnings = _recognise(path.name, header)
    record = replace(
        _on_disk(path),
        kind=kind,
        fits=base,
        tensors=dict(header.tensors),
        warnings=tuple(warnings),
    )
    return _with_metadata(record, header.metadata)


def discover(*places: str | os.PathLike[str]) -> list[Checkpoint]:
    """Every checkpoint in files and folders (searched inside), newest first.

    One that cannot be read is there with its warning. Raises CheckpointError for a place that does
    not exist.
    """
    found: dict[Path, Checkpoint] = {}
    for given in places:
        place = os.fspath(given)
        path = Path(place).expanduser()
        if is_hub(place) or not (os.path.isfile(path) or os.path.isdir(path)):
            weights_file(place)
        for file in _files(path):
            found.setdefault(Path(os.path.realpath(file)), _peek_or_warn(file))
    return sorted(
        found.values(),
        key=lambda each: (each.modified or "", each.step or 0, each.source),
        reverse=True,
    )


def _files(path: Path) -> Iterator[Path]:
    if os.path.isfile(path):
        yield path
        return
    count = 0
    for folder, inside, names in os.walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            if name.endswith((".safetensors", *PICKLES)) and not name.startswith("."):
                count += 1
                if count > MAX_FOUND:
                    return
                yield Path(folder, name)


def _peek_or_warn(path: Path) -> Checkpoint:
    try:
        return _read(readable_file(path, path.name))
    except CheckpointError as error:
        record = _on_disk(path) if os.path.exists(path) else Checkpoint(path.stem, str(path))
        return replace(record, warnings=(str(error),))


def _on_disk(path: Path) -> Checkpoint:
    stat = path.stat()
    generic = path.name in (*WEIGHT_NAMES, "adapter_model.safetensors")
    modified = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(timespec="milliseconds")
    name = Path(os.path.abspath(path)).parent.name if generic else path.stem
    return Checkpoint(name, str(path), bytes=stat.st_size, modified=modified)


def _recognise(name: str, header: Header) -> tuple[str | None, str | None, list[str]]:
    """Kind, the base it fits, and what is odd about it."""
    if any(".lora_A." in key for key in header.tensors):
        return "lora", None, []
    own, _, dropped = own_shapes(name, header.shapes)
    report = match(own)
    warnings = [base_keys_warning(dropped)] if dropped and report.matched else []
    if report.whole:
        unfit = dtype_refusal(name, header)
        warnings += [] if unfit is None else [unfit]
        return "arr-coc", fits(report.hidden_size), warnings
    if not report.matched:
        return None, None, ["Its tensors are of no kind known here."]
    warnings.append(
        f"No ARR-COC head of the reference architecture: {len(report.matched)} of 10 keys match, "
        f"{len(report.missing)} missing, {len(report.unexpected)} unexpected, "
        f"{len(report.mismatched)} of another shape."
    )
    return None, fits(report.hidden_size), warnings


def _with_metadata(record: Checkpoint, metadata: Mapping[str, str]) -> Checkpoint:
    known: dict[str, Any] = {}
    warnings = list(record.warnings)
    for key, text in metadata.items():
        name = {"global_step": "step"}.get(key, key)
        try:
            if name == "epoch":
                known[name] = _number(text)
            elif name == "step":
                known[name] = int(text)
            elif name == "metrics":
                known[name], left_out = _metrics(text)
                if left_out:
                    warnings.append(
                        f"The header's metrics give no finite number for {', '.join(left_out)}."
                    )
            elif name in ("config", "keep"):
                known[name] = _json_or_text(text)
            elif name in ("notes", "hypothesis", "result"):
                known[name] = text
        except (ValueError, RecursionError):
            warnings.append(f"The header's {key} cannot be read: {text[:60]!r}.")
    return replace(record, **known, warnings=tuple(warnings), said_by=dict.fromkeys(known, HEADER))


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return int(value) if value.is_integer() else value


def _metrics(text: str) -> tuple[dict[str, float], list[str]]:
    """Numbers by name, and the names of those beyond what a float holds.

    Nested groups are joined with a dot; what is no number is left out.
    """
    values = strict_json.loads(text)
    if not isinstance(values, dict):
        raise ValueError(text)
    numbers = dict(_flat("", values))
    left_out = [name for name, value in numbers.items() if not _is_finite(value)]
    return {name: numbers[name] for name in numbers if name not in left_out}, left_out


def _is_finite(value: float) -> bool:
    try:
        return isfinite(value)
    except OverflowError:
        return False


def _flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield prefix + key, value


def _json_or_text(text: str) -> Any:
    try:
        return strict_json.loads(text)
    except (ValueError, RecursionError):
        return text
