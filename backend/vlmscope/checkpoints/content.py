"""Files known by what is in them: the same checkpoint under two names is one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG

_digests: dict[tuple[str, tuple[int, ...]], str] = {}
MAX_KNOWN = 4096


def content_key(*paths: Path, check: Callable[[], object] | None = None) -> str:
    """A digest of the files' bytes, in order; those that do not exist count as empty.

    A file is read once until it changes. `check` is called before one is read, which may be large, and
    raises where that is not worth while.
    """
    stamps = [_stamp(path) for path in paths]
    if check is not None and any(known is None for known in map(_known, stamps)):
        check()
    digests = (_digest(stamp) for stamp in stamps)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _stamp(path: Path) -> tuple[str, tuple[int, ...]]:
    """Where a file lies and what tells that it changed; nothing does of what is no file.

    Who writes a file may set its time, and not the time when it was set.
    """
    real = os.path.realpath(path)
    try:
        stat = os.stat(real)
    except (OSError, ValueError):
        return real, ()
    if not S_ISREG(stat.st_mode):
        return real, ()
    return real, (stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)


def _known(stamp: tuple[str, tuple[int, ...]]) -> str | None:
    return _digests.get(stamp) if stamp[1] else ""


def _digest(stamp: tuple[str, tuple[int, ...]]) -> str:
    digest = _known(stamp)
    if digest is None:
        with open(stamp[0], "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        while len(_digests) >= MAX_KNOWN:
            _digests.pop(next(iter(_digests)), None)
        _digests[stamp] = digest
    return digest
