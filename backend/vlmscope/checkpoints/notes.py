"""Keep, notes, hypothesis and result of a checkpoint, written back to the `metadata.json` beside it."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vlmscope.checkpoints.neighbours import MAX_BYTES, NOTES, as_object, link_within, read_small
from vlmscope.checkpoints.places import weights_file
from vlmscope.checkpoints.sayings import BY_HAND, TEXTS
from vlmscope.values.errors import CheckpointError, InputError, shown
from vlmscope.values.json_edit import member_text, with_member, with_member_text

MAX_TEXT = 20_000
PATIENCE = 10.0
"""Seconds to wait for who else writes the notes of a folder."""


def annotate(source: str | os.PathLike[str], **notes: Any) -> Path:
    """Write `keep`, `notes`, `hypothesis` or `result` of a checkpoint; None takes one away.

    Everything else in `metadata.json` stays as others wrote it, byte for byte, also when two write at
    once. A link there is followed within the folder. Gives the file that was written. Raises InputError
    for a note that cannot be kept, and CheckpointError when the file that is there cannot be read or the
    folder not written to: then nothing was changed.
    """
    for name, value in notes.items():
        _check(name, value)
    path = Path(os.path.abspath(weights_file(os.fspath(source))))
    place, key = _where(path)
    with _locked(place.parent):
        text, values = _read(place)
        entry = values.get(key, {})
        if not isinstance(entry, dict):
            raise CheckpointError(
                f"{place.name} says {shown(entry)} of {shown(key)}, and notes need an object there; mend "
                "it."
            )
        _write(place, _noted(text, key, entry, notes))
    return place


def _noted(text: str, key: str, known: dict[str, Any], notes: dict[str, Any]) -> str:
    """The file's text with the notes of one checkpoint changed, of which this is `known` so far."""
    entry = member_text(text, key)
    if entry is None or not known:
        return with_member(text, key, {name: v for name, v in notes.items() if v is not None})
    for name, value in notes.items():
        entry = with_member(entry, name, value)
    return with_member_text(text, key, entry)


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
        try:
            _, values = _read(place)
        except CheckpointError:
            if place.parent == folder:
                raise
            continue
        for key in keys:
            if isinstance(values.get(key), dict):
                return place, key
    return folder / NOTES, path.name


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """While this lasts, no other process or thread that asks for it writes the folder's notes."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(folder / f".{NOTES}.lock", flags, 0o666)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > ends:
                raise _unwritable(folder, error) from error
            time.sleep(0.005)
        except OSError as error:
            raise _unwritable(folder, error) from error


def _read(place: Path) -> tuple[str, dict[str, Any]]:
    """The text and the values of a file of notes, those of an empty object where there is none."""
    try:
        raw = read_small(link_within(place))
        return ("{}\n", {}) if raw is None else (raw.decode("utf-8"), as_object(raw))
    except (ValueError, RecursionError, OSError) as error:
        raise CheckpointError(
            f"{place.name} of the folder {shown(place.parent.name)} cannot be read ({error}), so nothing "
            "was written to it; mend or move it."
        ) from None


def _write(place: Path, text: str) -> None:
    """The whole file or nothing: written beside it and put in its place at once."""
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise CheckpointError(
            f"{place.name} of the folder {shown(place.parent.name)} would have {len(data):,} bytes, more "
            f"than the {MAX_BYTES:,} that are read; shorten what it says."
        )
    beside = None
    try:
        real = link_within(place)
        handle, beside = tempfile.mkstemp(prefix=f".{NOTES}.", dir=real.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mode = real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~_umask()
        os.chmod(beside, mode)
        os.replace(beside, real)
        beside = None
    except (OSError, ValueError) as error:
        raise _unwritable(place.parent, error) from error
    finally:
        if beside is not None and os.path.exists(beside):
            os.unlink(beside)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(folder: Path, error: OSError | ValueError) -> CheckpointError:
    why = getattr(error, "strerror", None) or error
    return CheckpointError(
        f"The notes in the folder {shown(folder.name)} cannot be written ({why}), and are as they "
        "were; check its permissions and the disk's room."
    )
