"""Whole files of the Hub into its own cache: room seen first, gone on with where it was cut, and checked."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_errors import Cut, Interrupted, OutOfRange, Unreachable
from vlmscope.checkpoints.hub_pinned import HubFile, Pinned
from vlmscope.checkpoints.hub_place import HubPlace
from vlmscope.checkpoints.hub_room import OURS
from vlmscope.checkpoints.hub_wait import Stop, Wait
from vlmscope.checkpoints.remote import ranged
from vlmscope.values.errors import CheckpointError

TRIES = 3
"""How often a download that is cut goes on by itself."""
SPARE = 64 * 2**20
"""Bytes of disk that a download leaves free."""
_NO_LOCKS = (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Progress = Callable[[int, int], None]


def download(
    hub: Hub,
    pinned: Pinned,
    file: HubFile,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Path:
    """The whole file in the Hub's cache: from there, or moved, and put there; checked by size and hash.

    `progress` is told the bytes that are there and all. With `stop`, or when it is cut, what is there
    stays and the next download goes on from it. Raises CheckpointError, one sentence, also when nothing
    moved for as long as the hub lets a person wait.
    """
    return _Download(hub, pinned, file, progress, stop).run()


def cached(hub: Hub, pinned: Pinned, path: str, stop: Stop | None = None) -> Path | None:
    """A file of the commit that is in the cache and has the hash it is kept by; raises CheckpointError."""
    place = hub.disk.file(pinned, path)
    wait = hub.wait(stop)
    try:
        is_there = hub.disk.holds(place, None, lambda: _alive(wait, pinned.at(path)))
    except OSError as error:
        raise unkept(pinned.at(path), error) from error
    return place if is_there else None


def _alive(wait: Wait, place: HubPlace) -> None:
    wait.renew()
    wait.check(place)


class _Download:
    def __init__(
        self,
        hub: Hub,
        pinned: Pinned,
        file: HubFile,
        progress: Progress | None,
        stop: Stop | None,
    ) -> None:
        self.hub, self.pinned, self.file, self.progress = hub, pinned, file, progress
        self.place = pinned.at(file.path)
        self.wait = hub.wait(stop)

    def run(self) -> Path:
        disk, file = self.hub.disk, self.file
        place = disk.file(self.pinned, file.path)
        try:
            if disk.holds(place, file, self._alive):
                return place
            self._check()
            blob = disk.blob(self.pinned, file)
            blob.parent.mkdir(parents=True, exist_ok=True)
            for _ in range(TRIES):  # another process may let it leave the cache in between
                self._have(blob)
                disk.link(blob, place)
                if os.path.isfile(place):
                    self.hub.remember(self.pinned)
                    return place
        except OSError as error:
            raise unkept(self.place, error) from error
        raise CheckpointError(
            f"{self.place} left the cache as soon as it was there; allow a larger cache."
        )

    def _check(self) -> None:
        if self.pinned.is_cached:
            why = (
                "is damaged in" if self.hub.disk.file(self.pinned, self.file.path).exists() else ""
            )
            raise CheckpointError(
                f"{self.place} {why or 'is not in'} the cache, and the Hub was not asked; go online."
            )
        if self.file.size > self.hub.max_bytes:
            raise CheckpointError(
                f"{self.place} has {_mib(self.file.size)}, and at most {_mib(self.hub.max_bytes)} are "
                "downloaded here; choose a smaller checkpoint."
            )

    def _alive(self) -> None:
        _alive(self.wait, self.place)

    def _have(self, blob: Path) -> None:
        """The blob, whole: as it is there, or filled by this process alone."""
        with self._part(blob) as part:
            if self._is_right(blob):
                return
            blob.unlink(missing_ok=True)
            with self.hub.room.for_download(Path(part.name), self.file.size, self.place):
                self._fill(part)
                os.replace(part.name, blob)
                self.hub.disk.note_right(blob, self.file.digest)

    def _is_right(self, path: Path, touched: IO[bytes] | None = None) -> bool:
        """Whether a file is whole; who waits for `touched` sees that work is done on it."""

        def alive() -> None:
            self._alive()
            if touched is not None:
                os.utime(touched.fileno())

        return (
            os.path.isfile(path)
            and os.path.getsize(path) == self.file.size
            and self.hub.disk.is_right(path, self.file.digest, alive)
        )

    @contextmanager
    def _part(self, blob: Path) -> Iterator[IO[bytes]]:
        """What is there of a download, for one process at a time."""
        path = blob.with_name(f"{blob.name}{OURS}")
        while True:
            with open(path, "r+b", opener=_open_or_make) as part:
                self._lock(part)
                if _is_same(part, path):  # else who had it before is ready with it
                    yield part
                    return

    def _lock(self, part: IO[bytes]) -> None:
        seen = None
        late = f"is fetched by another process, which moved nothing for {self.wait.seconds:g} s; end it"
        while True:
            try:
                fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                status = os.fstat(part.fileno())
                if seen != (status.st_size, status.st_mtime_ns):
                    seen = status.st_size, status.st_mtime_ns
                    self.wait.renew()
                    self._tell(status.st_size)
                self.wait.pause(self.place, late)
            except OSError as error:
                if error.errno in _NO_LOCKS:
                    return
                raise

    def _tell(self, have: int) -> None:
        if self.progress is not None:
            self.progress(min(have, self.file.size), self.file.size)

    def _fill(self, part: IO[bytes]) -> None:
        size = self.file.size
        if part.seek(0, os.SEEK_END) > size:
            _begin_anew(part)
        free = shutil.disk_usage(os.path.dirname(part.name)).free
        if size - part.tell() + SPARE > free:
            raise CheckpointError(
                f"{self.place} needs {_mib(size - part.tell())} and the disk has {_mib(free)} free; make "
                "room, or set HF_HUB_CACHE to another disk."
            )
        was_cut = False
        for _ in range(TRIES):
            if part.tell() >= size:
                break
            try:
                self._go_on(part)
            except Cut:
                was_cut = True
            except Unreachable:
                if not was_cut:
                    raise
            except OutOfRange:
                _begin_anew(part)
        have = part.tell()
        part.flush()
        if have < size:
            raise Cut(
                f"{self.place} was cut after {_mib(have)} of {_mib(size)}; try again, it goes on from there."
            )
        if not self._is_right(Path(part.name), part):
            _begin_anew(part)
            raise CheckpointError(
                f"{self.place} came with other bytes than the Hub's hash of it says, and was thrown away; "
                "try again."
            )

    def _go_on(self, part: IO[bytes]) -> None:
        size, late = self.file.size, f"has not moved for {self.wait.seconds:g} s; try again"
        self.wait.renew()
        try:
            asked = ranged(self.hub, self.pinned, self.file, part.tell(), size, self.wait)
            with asked as (first, answer):
                if first != part.tell():  # a server that knows no ranges sends it from the start
                    _begin_anew(part)
                answer.late = f"{late}, it goes on from {_mib(part.tell())}"
                for piece in answer.pieces:
                    part.write(piece[: size - part.tell()])
                    self.wait.renew()
                    self._tell(part.tell())
                    if part.tell() >= size:
                        return
        except Interrupted:
            raise Interrupted(
                f"{self.place} was stopped after {_mib(part.tell())}; the next time goes on from there."
            ) from None
        finally:
            part.flush()


def unkept(place: HubPlace, error: OSError) -> CheckpointError:
    """The sentence for a cache that does not take, or give, a file."""
    if error.errno in _NO_ROOM:
        why = "the disk is full; make room, or set HF_HUB_CACHE to another disk"
    elif error.errno == errno.ENAMETOOLONG:
        why = "its name is too long for this disk; give the file a shorter one"
    else:
        why = f"{error.strerror or type(error).__name__}; set HF_HUB_CACHE to a folder that can be used"
    return CheckpointError(f"{place} cannot be kept in the cache: {why}.")


def _open_or_make(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o666)


def _is_same(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _begin_anew(part: IO[bytes]) -> None:
    part.seek(0)
    part.truncate(0)


def _mib(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
