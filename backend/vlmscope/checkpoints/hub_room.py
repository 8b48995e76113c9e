"""Room in a cache with a limit: what is in use stays, of the rest what was used longest ago leaves first."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG
from typing import IO, TYPE_CHECKING

from vlmscope.checkpoints.hub_cache import Cache
from vlmscope.checkpoints.hub_pinned import Pinned
from vlmscope.checkpoints.hub_place import HubPlace
from vlmscope.values.errors import CheckpointError

if TYPE_CHECKING:
    from huggingface_hub import CachedRevisionInfo, DeleteCacheStrategy

OURS = ".vlmscope.incomplete"
INCOMPLETE = ".incomplete"
DAY, HOUR = 86_400.0, 3_600.0


class Room:
    """A cache's `limit` in bytes, None for none, and holds on commits, which other processes see too.

    A hold is a shared lock on a file beside the Hub's own locks; its time is that of the last use.
    """

    def __init__(self, cache: Cache, limit: int | None = None) -> None:
        self._cache, self.limit = cache, limit
        self._lock = threading.Lock()
        self._coming: dict[Path, int] = {}
        self._kept: list[IO[bytes]] = []

    # ---- what is in use
    @contextmanager
    def hold(self, pinned: Pinned) -> Iterator[None]:
        """Nothing of this commit leaves the cache while this lasts."""
        held = self._held(pinned)
        try:
            yield
        finally:
            if held is not None:
                held.close()

    def keep(self, pinned: Pinned) -> None:
        """Nothing of this commit leaves the cache while this process lives."""
        held = self._held(pinned)
        if held is not None:
            self._kept.append(held)

    def _held(self, pinned: Pinned) -> IO[bytes] | None:
        try:
            held = _lock_file(self._cache, self._cache.folder(pinned).name, pinned.commit)
        except OSError:  # a cache that cannot be written to
            return None
        with suppress(OSError):  # a file system without locks
            fcntl.flock(held, fcntl.LOCK_SH)
            os.utime(held.fileno())
        return held

    # ---- what comes, and what leaves for it
    @contextmanager
    def for_download(self, part: Path, size: int, place: HubPlace) -> Iterator[None]:
        """Room for a file of `size` bytes, some of which may be in `part` already; raises CheckpointError."""
        if self.limit is None:
            yield
            return
        with self._lock:
            self._coming[part] = size
            try:
                self._make(place, size)
            except BaseException:
                del self._coming[part]
                raise
        try:
            yield
        finally:
            with self._lock:
                self._coming.pop(part, None)

    def _make(self, place: HubPlace, size: int) -> None:
        assert self.limit is not None
        excess = self._excess()
        for leave in (self._parts, self._revisions, self._orphans):
            if excess <= 0:
                return
            leave(excess)
            excess = self._excess()
        if excess > 0:
            raise CheckpointError(
                f"{place} needs {_mib(size)}, and the cache here, which is kept to {_mib(self.limit)}, has "
                f"{_mib(max(0, size - excess))} for it beside what is in use; choose a smaller one, or "
                "allow a larger cache."
            )

    def _excess(self) -> int:
        assert self.limit is not None
        held = 0
        for folder, inside, names in os.walk(self._cache.root):
            if ".locks" in inside:
                inside.remove(".locks")
            for name in names:
                with suppress(OSError):
                    status = os.lstat(os.path.join(folder, name))
                    held += status.st_size if S_ISREG(status.st_mode) else 0
        for part, size in self._coming.items():
            held += max(0, size - _size(part))
        return held - self.limit

    def _parts(self, excess: int) -> None:
        """What is there of downloads that nobody goes on with now."""
        parts = (
            p for p in self._cache.root.glob(f"*/blobs/*{INCOMPLETE}") if p not in self._coming
        )
        for part in sorted(parts, key=_time):
            if excess <= 0:
                return
            if not part.name.endswith(OURS) and time.time() - _time(part) < DAY:
                continue  # the Hub's own client may be at it
            with suppress(OSError), open(part, "rb") as open_part:
                fcntl.flock(open_part, fcntl.LOCK_EX | fcntl.LOCK_NB)
                excess -= _size(part)
                part.unlink()

    def _revisions(self, excess: int) -> None:
        """Whole commits, by the Hub's own tools."""
        from huggingface_hub import scan_cache_dir

        found = []
        for repo in scan_cache_dir(self._cache.root).repos:
            for revision in repo.revisions:
                lock = _lock_place(self._cache, repo.repo_path.name, revision.commit_hash)
                used = _time(lock) or repo.last_accessed
                found.append((used, revision.last_modified, repo.repo_path.name, revision))
        for _, _, name, revision in sorted(found, key=lambda each: each[:3]):
            if excess <= 0:
                return
            with (
                suppress(OSError),
                _lock_file(self._cache, name, revision.commit_hash) as open_lock,
            ):
                fcntl.flock(open_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Anew: of blobs that two commits share, the last to leave takes them along.
                held = scan_cache_dir(self._cache.root)
                leaving = _of_it_alone(held.delete_revisions(revision.commit_hash), revision)
                excess -= leaving.expected_freed_size
                leaving.execute()
                os.unlink(open_lock.name)

    def _orphans(self, excess: int) -> None:
        """Blobs that no commit names, and that nobody is about to name."""
        for blobs in self._cache.root.glob("*/blobs"):
            links = blobs.parent.glob("snapshots/*/**/*")
            named = {os.path.basename(os.readlink(link)) for link in links if link.is_symlink()}
            for blob in blobs.iterdir():
                if excess <= 0:
                    return
                is_part = blob.name.endswith(INCOMPLETE)
                if not is_part and blob.name not in named and time.time() - _time(blob) > HOUR:
                    with suppress(OSError):
                        excess -= _size(blob)
                        blob.unlink()


def _of_it_alone(leaving: DeleteCacheStrategy, revision: CachedRevisionInfo) -> DeleteCacheStrategy:
    """The same without the folder of a repository that has no other commit: one may be coming there."""
    if not leaving.repos:
        return leaving
    folder = revision.snapshot_path.parent.parent
    return replace(
        leaving,
        repos=frozenset(),
        snapshots=frozenset([revision.snapshot_path]),
        refs=frozenset(folder / "refs" / name for name in revision.refs),
        blobs=frozenset(file.blob_path for file in revision.files),
    )


def _lock_place(cache: Cache, folder: str, commit: str) -> Path:
    return cache.root / ".locks" / folder / f"{commit}.vlmscope"


def _lock_file(cache: Cache, folder: str, commit: str) -> IO[bytes]:
    place = _lock_place(cache, folder, commit)
    place.parent.mkdir(parents=True, exist_ok=True)
    return open(place, "ab")


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _mib(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
