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
from vlmscope.checkpoints.neighbours import (
    GENERIC,
    NOTES,
    READ,
    Neighbours,
    link_within,
    read_small,
)
from vlmscope.checkpoints.places import SUFFIXES, readable_file, weights_file
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.recorded import record_of
from vlmscope.values.errors import CheckpointError, plain

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
        return record_of(_on_disk(path, blob.stat), place, blob, reader, beside)


def _peek_or_warn(path: Path, reader: PickleReader, beside: Neighbours) -> Checkpoint:
    try:
        return read_here(readable_file(path, path.name), reader, beside)
    except CheckpointError as error:
        return _refused(path, str(error))
    except OSError as error:  # it went away, or its folder did
        return _refused(path, f"It cannot be read ({error.strerror}).")


def _refused(path: Path, why: str) -> Checkpoint:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return _on_disk(path, None, why)
    age = time.time() - status.st_mtime
    if -FRESH < age < FRESH and os.path.isfile(path):
        still = f"It is still being written, or cut short (changed {max(0, age):.0f} s ago): {why}"
        return replace(_on_disk(path, status, still), writing=True)
    return _on_disk(path, status, why)


def _on_disk(path: Path, status: os.stat_result | None, *warnings: str) -> Checkpoint:
    """What the disk says of a file, None of one that is gone; its name as it can be shown."""
    name = Path(os.path.abspath(path)).parent.name if path.name in GENERIC else path.stem
    bare = Checkpoint(plain(name), str(path), warnings=warnings)
    if status is None:
        return bare
    return replace(bare, bytes=status.st_size, modified=_date(status.st_mtime))


def _date(seconds: float) -> str | None:
    """ISO 8601 in UTC, None for a time beyond the calendar, which a file may well have."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return None


def _files(place: str) -> Iterator[Path]:
    """The files of weights that a place names or holds; hidden ones are left out."""
    path = Path(os.path.expanduser(place))
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
    """A neighbour's bytes; raises ValueError, in words, also for a link to a file elsewhere."""
    try:
        return read_small(link_within(Path(place)))
    except OSError as error:
        raise ValueError(error.strerror or "it is not readable") from None


class _Stamps:
    """What a file's record depends on, in a text: its own size, times and place, and its neighbours'."""

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
    except (OSError, ValueError):
        return "-"
    # Who writes a file may set its time, and not the time when it was set.
    return f"{stat.st_mtime_ns}.{stat.st_ctime_ns}.{stat.st_ino}.{stat.st_size}"
