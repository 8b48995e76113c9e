"""The files beside a checkpoint that say something of it, read within bounds and once for a listing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import Any

from vlmscope.checkpoints.places import WEIGHT_NAMES
from vlmscope.checkpoints.sayings import Saying, said, said_by_name, said_by_trainer
from vlmscope.values import strict_json

NOTES, CONFIG, ADAPTER, TRAINER = (
    *("metadata.json", "config.json", "adapter_config.json"),
    "trainer_state.json",
)
READ = (NOTES, CONFIG, ADAPTER, TRAINER)
GENERIC = (
    *WEIGHT_NAMES,
    *("adapter_model.safetensors", "adapter_model.bin", "pytorch_model.bin", "model.pt"),
)
"""File names that say nothing: the folder's name is the checkpoint's."""
MAX_BYTES = 1_000_000
KEPT = 32
"""Neighbours kept for the next file of a listing, which lies in the same folder."""


def read_small(path: Path) -> bytes | None:
    """A small file's bytes, None where there is none; raises ValueError, in words, or OSError."""
    try:
        # A pipe is not waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = os.fstat(handle)
        if not S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if status.st_size > MAX_BYTES:
            raise ValueError(f"it has {status.st_size:,} bytes")
        with open(handle, "rb", closefd=False) as file:
            return file.read(MAX_BYTES)
    finally:
        os.close(handle)


def as_object(text: bytes) -> dict[str, Any]:
    """A JSON object; raises ValueError (in words) or RecursionError."""
    values = strict_json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("it is no object")
    return values


def link_within(path: Path) -> Path:
    """The file itself, where it is a link to one of its own folder; raises ValueError, in words."""
    if not path.is_symlink():
        return path
    real = os.path.realpath(path)
    if not real.startswith(os.path.join(os.path.realpath(path.parent), "")):
        raise ValueError("it is a link out of its folder")
    return Path(real)


class Neighbours:
    """`read` gives the bytes of a file by its path, or None where there is none.

    It may raise ValueError, in words, for one that cannot be read; that becomes a warning.
    """

    def __init__(self, read: Callable[[PurePosixPath], bytes | None]) -> None:
        self._read = read
        # In the order of their last use: what was not used for longest is forgotten first.
        self._seen: dict[PurePosixPath, tuple[Any, str | None]] = {}

    def of(self, path: PurePosixPath) -> Iterator[Saying]:
        """What the files beside a checkpoint, and its name, say of it."""
        named = path.parent.name if path.name in GENERIC else path.stem
        yield from self._one(path.with_name(TRAINER), said_by_trainer)
        for name in (ADAPTER, CONFIG):
            yield from self._one(
                path.with_name(name), lambda who, values: said(who, {"config": values})
            )
        yield said_by_name(named)

    def base_of(self, path: PurePosixPath) -> str | None:
        """The base that an adapter's config names."""
        values, _ = self._json(path.with_name(ADAPTER))
        named = values.get("base_model_name_or_path") if isinstance(values, dict) else None
        return named if isinstance(named, str) and named else None

    def notes(self, path: PurePosixPath) -> Saying:
        """What is written down of a checkpoint in the `metadata.json` of its folder, or of the one above."""
        folder, above = path.parent, path.parent.parent
        for place, keys in (
            (folder / NOTES, (path.name, path.stem)),
            (above / NOTES, (f"{folder.name}/{path.name}", folder.name)),
        ):
            values, problem = self._json(place)
            if problem is not None and place.parent == folder:
                return Saying(NOTES, {}, (problem,))
            if not isinstance(values, dict):
                continue
            entry = next((values[key] for key in keys if isinstance(values.get(key), dict)), None)
            if entry is not None:
                return said(NOTES, entry)
        return Saying(NOTES)

    def _one(self, place: PurePosixPath, says: Callable[[str, Any], Saying]) -> Iterator[Saying]:
        values, problem = self._json(place)
        if problem is not None:
            yield Saying(place.name, {}, (problem,))
        elif isinstance(values, dict):
            yield says(place.name, values)

    def _json(self, place: PurePosixPath) -> tuple[Any, str | None]:
        """A JSON file's content, None where there is none; and what is wrong with it."""
        if place in self._seen:
            self._seen[place] = self._seen.pop(place)
        else:
            try:
                text = self._read(place)
                self._seen[place] = (None if text is None else strict_json.loads(text)), None
            except (ValueError, RecursionError) as error:
                self._seen[place] = None, f"{place.name} cannot be read ({error})."
            while len(self._seen) > KEPT:
                del self._seen[next(iter(self._seen))]
        return self._seen[place]
