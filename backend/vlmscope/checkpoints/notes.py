"""Keep, notes, hypothesis and result of a checkpoint, written back to the `metadata.json` beside it."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vlmscope.checkpoints.neighbours import NOTES, read_object
from vlmscope.checkpoints.places import weights_file
from vlmscope.checkpoints.sayings import BY_HAND, TEXTS
from vlmscope.values.errors import CheckpointError, InputError, shown

MAX_TEXT = 20_000


def annotate(source: str | os.PathLike[str], **notes: Any) -> Path:
    """Write `keep`, `notes`, `hypothesis` or `result` of a checkpoint; None takes one away.

    Everything else in `metadata.json` stays as others wrote it, also when two write at once. Gives the
    file that was written. Raises InputError for a note that cannot be kept, and CheckpointError when the
    file that is there cannot be read or the folder not written to: then nothing was changed.
    """
    for name, value in notes.items():
        _check(name, value)
    path = Path(os.path.abspath(weights_file(os.fspath(source))))
    place, key = _where(path)
    with _locked(place.parent):
        values = _read(place)
        entry = values.setdefault(key, {})
        if not isinstance(entry, dict):
            raise CheckpointError(
                f"{place.name} says {shown(entry)} of {key!r}, and notes need an object there; mend it."
            )
        for name, value in notes.items():
            if value is None:
                entry.pop(name, None)
            else:
                entry[name] = value
        _write(place, values)
    return place


def _check(name: str, value: Any) -> None:
    if name not in BY_HAND:
        raise InputError(f"{name} is no note of a checkpoint; use {', '.join(BY_HAND)}.")
    if name in TEXTS and not (value is None or isinstance(value, str)):
        raise InputError(f"{name}={shown(value)} is no text; give one.")
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise InputError(f"{name} has {len(value):,} characters; use at most {MAX_TEXT:,}.")
        if not value.isascii() and value != value.encode("utf-8", "replace").decode():
            raise InputError(f"{name} holds half a character; use whole ones.")
    elif not (value is None or isinstance(value, bool)):
        raise InputError(f"{name}={shown(value)} cannot be kept; give True, False or a text.")


def _where(path: Path) -> tuple[Path, str]:
    """The file with a checkpoint's notes and its key there: where one is, else beside it by its name."""
    folder, above = path.parent, path.parent.parent
    for place, keys in (
        (folder / NOTES, (path.name, path.stem)),
        (above / NOTES, (f"{folder.name}/{path.name}", folder.name)),
    ):
        values = _read(place)
        for key in keys:
            if isinstance(values.get(key), dict):
                return place, key
    return folder / NOTES, path.name


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """While this lasts, no other process or thread that asks for it writes the folder's notes."""
    try:
        handle = os.open(folder / f".{NOTES}.lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(place: Path) -> dict[str, Any]:
    if not place.exists():
        return {}
    try:
        return read_object(place)
    except (ValueError, RecursionError, OSError) as error:
        raise CheckpointError(
            f"{place.name} of the folder {place.parent.name!r} cannot be read ({error}), so nothing was "
            "written to it; mend or move it."
        ) from None


def _write(place: Path, values: dict[str, Any]) -> None:
    """The whole file or nothing: written beside it and put in its place at once."""
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    beside = None
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{NOTES}.", dir=place.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask()
        os.chmod(beside, mode)
        os.replace(beside, place)
    except OSError as error:
        if beside is not None and os.path.exists(beside):
            os.unlink(beside)
        raise _unwritable(place.parent, error) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(folder: Path, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"The notes in the folder {folder.name!r} cannot be written ({error.strerror}), and are as they "
        "were; check its permissions and the disk's room."
    )
