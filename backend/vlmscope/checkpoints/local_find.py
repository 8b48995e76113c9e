"""Checkpoints in files and folders of this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from vlmscope.checkpoints.blob import LocalBlob
from vlmscope.checkpoints.index import Index
from vlmscope.checkpoints.neighbours import GENERIC, MAX_BYTES, NOTES, READ, Neighbours
from vlmscope.checkpoints.places import SUFFIXES, readable_file, weights_file
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.recorded import record_of
from vlmscope.values.errors import CheckpointError

MAX_FOUND = 5000
FRESH = 60.0
"""Seconds since a file's last change in which one that cannot be read may still be being written."""


def found_here(places: Sequence[str], reader: PickleReader, index: Index) -> Iterator[Checkpoint]:
    """Every checkpoint in files and folders (searched inside), each once.

    One that cannot be read is there with its warning, and one that is still being written is marked.
    Raises CheckpointError for a place that does not exist.
    """
    files = {os.path.realpath(file): file for place in places for file in _files(place)}
    stamps = _Stamps()
    wanted = {real: stamps.of(file) for real, file in files.items()}
    known = index.get(wanted)
    neighbours = Neighbours(file_beside)
    fresh = {
        real: _peek_or_warn(file, reader, neighbours)
        for real, file in files.items()
        if real not in known
    }
    index.put((real, wanted[real], record) for real, record in fresh.items() if not record.writing)
    for real, file in files.items():
        yield replace((known | fresh)[real], source=str(file))


def peeked_here(path: Path, reader: PickleReader) -> Checkpoint:
    """The record of one file; raises CheckpointError."""
    return read_here(path, reader, Neighbours(file_beside))


def read_here(path: Path, reader: PickleReader, beside: Neighbours) -> Checkpoint:
    with LocalBlob(path) as blob:
        place = PurePosixPath(os.path.abspath(path))
        return record_of(_on_disk(path), place, blob, reader, beside)


def _peek_or_warn(path: Path, reader: PickleReader, beside: Neighbours) -> Checkpoint:
    try:
        return read_here(readable_file(path, path.name), reader, beside)
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


def _files(place: str) -> Iterator[Path]:
    """The files of weights that a place names or holds; hidden ones are left out."""
    path = Path(place).expanduser()
    if not (os.path.isfile(path) or os.path.isdir(path)):
        weights_file(place)
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


def file_beside(place: PurePosixPath) -> bytes | None:
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
            places = [os.path.join(folder, name) for name in READ]
            places.append(os.path.join(above, NOTES))
            beside = self._folders[folder] = " ".join(map(_stamp, places))
        return f"{_stamp(path)} {beside}"


def _stamp(path: str | os.PathLike[str]) -> str:
    try:
        stat = os.stat(path)
    except OSError:
        return "-"
    return f"{stat.st_mtime_ns}.{stat.st_size}"
