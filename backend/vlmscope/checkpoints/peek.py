"""`peek` and `discover`: checkpoints from a few kilobytes each, whatever their size."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from vlmscope.checkpoints.blob import Blob, LocalBlob
from vlmscope.checkpoints.header import read_header
from vlmscope.checkpoints.index import Index
from vlmscope.checkpoints.neighbours import GENERIC, MAX_BYTES, Neighbours
from vlmscope.checkpoints.places import PICKLES, is_hub, readable_file, weights_file
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.recognise import Recognised, recognise
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.sayings import BY_HAND, Saying, put_together, said, said_by_file
from vlmscope.checkpoints.torch_file import is_torch_file, read_torch_file
from vlmscope.values.errors import CheckpointError

MAX_FOUND = 5000
FRESH = 60.0
"""Seconds since a file's last change in which one that cannot be read may still be being written."""
SUFFIXES = (".safetensors", *PICKLES)


def peek(source: str | os.PathLike[str], *, pickles: bool = True) -> Checkpoint:
    """What a file of weights, or the one in a folder, says of itself; no tensor is read.

    Raises CheckpointError for what is missing or cannot be read; without `pickles`, also for a `.pt`.
    """
    path = weights_file(os.fspath(source), pickles)
    with PickleReader() as reader:
        return _read(path, reader, Neighbours(_file_beside))


def discover(
    *places: str | os.PathLike[str], pickles: bool = True, index: Index | None = None
) -> list[Checkpoint]:
    """Every checkpoint in files and folders (searched inside), newest first.

    One that cannot be read is there with its warning, and one that is still being written is marked.
    What did not change since it was last seen comes from an index. Raises CheckpointError for a place
    that does not exist.
    """
    files = {os.path.realpath(file): file for place in places for file in _files(place)}
    stamps = _Stamps()
    wanted = {real: stamps.of(file) for real, file in files.items()}
    with index or Index() as kept, PickleReader() as reader:
        known = kept.get(wanted)
        neighbours = Neighbours(_file_beside)
        fresh = {
            real: _peek_or_warn(file, reader, neighbours)
            for real, file in files.items()
            if real not in known
        }
        kept.put(
            (real, wanted[real], record) for real, record in fresh.items() if not record.writing
        )
    found = [
        _allowed(replace((known | fresh)[real], source=str(file)), pickles)
        for real, file in files.items()
    ]
    return sorted(
        found, key=lambda each: (each.modified or "", each.step or 0, each.source), reverse=True
    )


def outlined(blob: Blob, reader: PickleReader) -> tuple[Recognised, Checkpoint, Saying]:
    """What a file of either format holds: its kind, a record with its tensors, and what it says itself."""
    if is_torch_file(blob):
        file = read_torch_file(blob, reader)
        kind = recognise(blob.name, file.header, file.is_training)
        tensors, saying = file.header.tensors, said_by_file("the file", file.facts)
    else:
        header = read_header(blob)
        kind = recognise(blob.name, header)
        tensors, saying = header.tensors, said("the file's header", header.metadata)
    return kind, Checkpoint(blob.name, "", tensors=dict(tensors)), saying


def record_of(
    bare: Checkpoint, path: PurePosixPath, blob: Blob, reader: PickleReader, beside: Neighbours
) -> Checkpoint:
    """A record with all that the file, its neighbours and its name say; raises CheckpointError."""
    kind, outline, saying = outlined(blob, reader)
    fits = kind.fits
    if kind.kind == "lora":
        fits = beside.base_of(path) or fits
    record = replace(
        bare,
        kind=kind.kind,
        fits=fits,
        tensors=outline.tensors,
        warnings=(*bare.warnings, *kind.warnings),
    )
    notes = beside.notes(path)
    # What a person writes down is newer than the file; what a trainer measured the file says best.
    by_hand = Saying(notes.who, {k: v for k, v in notes.says.items() if k in BY_HAND})
    return put_together(record, [by_hand, saying, notes, *beside.of(path)])


def _read(path: Path, reader: PickleReader, beside: Neighbours) -> Checkpoint:
    with LocalBlob(path) as blob:
        place = PurePosixPath(os.path.abspath(path))
        return record_of(_on_disk(path), place, blob, reader, beside)


def _peek_or_warn(path: Path, reader: PickleReader, beside: Neighbours) -> Checkpoint:
    try:
        return _read(readable_file(path, path.name), reader, beside)
    except CheckpointError as error:
        if not os.path.exists(path):
            return Checkpoint(path.stem, str(path), warnings=(str(error),))
        record = _on_disk(path)
        age = time.time() - path.stat().st_mtime
        if -FRESH < age < FRESH and os.path.isfile(path):
            still = f"It is still being written, or cut short (changed {max(0, age):.0f} s ago): "
            return replace(record, writing=True, warnings=(still + str(error),))
        return replace(record, warnings=(str(error),))


def _on_disk(path: Path) -> Checkpoint:
    stat = path.stat()
    modified = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat(timespec="milliseconds")
    name = Path(os.path.abspath(path)).parent.name if path.name in GENERIC else path.stem
    return Checkpoint(name, str(path), bytes=stat.st_size, modified=modified)


def _allowed(record: Checkpoint, pickles: bool) -> Checkpoint:
    if pickles or not record.source.endswith(PICKLES):
        return record
    return replace(
        record,
        kind=None,
        warnings=(*record.warnings, "A pickle: only safetensors are loaded here."),
    )


def _files(place: str | os.PathLike[str]) -> Iterator[Path]:
    """The files of weights that a place names or holds; hidden ones are left out."""
    given = os.fspath(place)
    path = Path(given).expanduser()
    if is_hub(given) or not (os.path.isfile(path) or os.path.isdir(path)):
        weights_file(given)
    if os.path.isfile(path):
        yield path
        return
    count = 0
    for folder, inside, names in os.walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                count += 1
                if count > MAX_FOUND:
                    return
                yield Path(folder, name)


def _file_beside(place: PurePosixPath) -> bytes | None:
    path = Path(place)
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has {path.stat().st_size:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(error.strerror or "it is not readable") from None


class _Stamps:
    """What a file's record depends on, in a text: its own size and time, and its neighbours'."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: Path) -> str:
        folder = os.path.dirname(os.path.abspath(path))
        above = os.path.dirname(folder)
        beside = self._folders.get(folder)
        if beside is None:
            names = ("metadata.json", "config.json", "adapter_config.json", "trainer_state.json")
            places = [os.path.join(folder, name) for name in names]
            places.append(os.path.join(above, "metadata.json"))
            beside = self._folders[folder] = " ".join(map(_stamp, places))
        return f"{_stamp(path)} {beside}"


def _stamp(path: str | os.PathLike[str]) -> str:
    try:
        stat = os.stat(path)
    except OSError:
        return "-"
    return f"{stat.st_mtime_ns}.{stat.st_size}"
