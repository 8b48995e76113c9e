"""The Hub's own cache on this disk: where its client keeps what it fetched, and whether that is whole."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

from vlmscope.checkpoints.hub_pinned import HubFile, Pinned
from vlmscope.checkpoints.hub_place import HubPlace, check_path, is_commit
from vlmscope.values.errors import CheckpointError

MAX_FILES = 20_000
PIECE = 2**20
_DIGEST = re.compile(r"([0-9a-f]{40})|([0-9a-f]{64})")

Alive = Callable[[], None]
"""Called between the pieces of work that takes long; raises to end it."""


class Cache:
    """Files by repository, commit and path; each is a link to a blob that is named by its hash."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._right: set[tuple[str, tuple[int, ...]]] = set()
        """Hashes, and what tells that the file which has it changed since."""

    def folder(self, pinned: Pinned) -> Path:
        from huggingface_hub.file_download import repo_folder_name

        return self.root / repo_folder_name(repo_id=pinned.repo_id, repo_type=pinned.repo_type)

    def snapshot(self, pinned: Pinned) -> Path:
        return self.folder(pinned) / "snapshots" / pinned.commit

    def file(self, pinned: Pinned, path: str) -> Path:
        return self.snapshot(pinned) / path

    def blob(self, pinned: Pinned, file: HubFile) -> Path:
        return self.folder(pinned) / "blobs" / file.digest.partition(":")[2]

    # ---- what it knows of a repository
    def commit_of(self, place: HubPlace, repo_type: str) -> str | None:
        """The commit that a revision stood for when something was last fetched of it."""
        pinned = Pinned(place, repo_type, place.revision or "")
        if is_commit(place.revision):
            return place.revision if os.path.isdir(self.snapshot(pinned)) else None
        try:
            with open(self._reference(pinned), "rb") as reference:
                commit = reference.read(64).strip().decode("ascii")
        except (OSError, ValueError):
            return None
        is_here = is_commit(commit) and os.path.isdir(self.snapshot(replace(pinned, commit=commit)))
        return commit if is_here else None

    def remember(self, pinned: Pinned) -> None:
        """That a branch or tag is this commit; only of one with files, as the Hub's own tools want it."""
        if is_commit(pinned.place.revision) or not os.path.isdir(self.snapshot(pinned)):
            return
        reference = self._reference(pinned)
        try:
            reference.parent.mkdir(parents=True, exist_ok=True)
            reference.write_text(pinned.commit)
        except OSError:
            pass  # a cache that cannot be written to only costs the offline use

    def _reference(self, pinned: Pinned) -> Path:
        return self.folder(pinned) / "refs" / (pinned.place.revision or "main")

    def files(self, pinned: Pinned) -> list[HubFile]:
        """What is there of a commit, in the order of the names."""
        snapshot = self.snapshot(pinned)
        found: list[HubFile] = []
        for folder, _, names in os.walk(snapshot):
            for name in names:
                place = Path(folder, name)
                path = place.relative_to(snapshot).as_posix()
                try:
                    check_path(path.split("/"), path)
                    found.append(HubFile(path, place.stat().st_size, _said_by_link(place)))
                except (CheckpointError, OSError):
                    continue
            if len(found) >= MAX_FILES:
                break
        return sorted(found, key=lambda file: file.path)

    # ---- whether it is whole
    def holds(self, place: Path, file: HubFile | None, alive: Alive) -> bool:
        """Whether a file of a commit is there, of the size and the hash that it should have.

        Without a `file`, as the Hub lists it, the hash is the one that its blob is named by.
        """
        if not os.path.isfile(place):
            return False
        if file is not None and os.path.getsize(place) != file.size:
            return False
        digest = file.digest if file is not None and file.digest else _said_by_link(place)
        return not digest or self.is_right(place, digest, alive)

    def is_right(self, place: Path, digest: str, alive: Alive) -> bool:
        """Whether a file's bytes have this hash; read once, and again only when the file changed."""
        with open(place, "rb") as data:
            stamp = _stamp(data)
            if (digest, stamp) in self._right:
                return True
            kind, _, expected = digest.partition(":")
            found = hashlib.sha256()
            if kind == "sha1":  # git's, of a blob
                found = hashlib.sha1(f"blob {os.fstat(data.fileno()).st_size}\0".encode())
            while piece := data.read(PIECE):
                found.update(piece)
                alive()
        if found.hexdigest() != expected:
            return False
        self._note(digest, stamp)
        return True

    def note_right(self, place: Path, digest: str) -> None:
        """A file that was held against this hash has another name now."""
        with open(place, "rb") as data:
            self._note(digest, _stamp(data))

    def _note(self, digest: str, stamp: tuple[int, ...]) -> None:
        if len(self._right) >= MAX_FILES:
            self._right.clear()
        self._right.add((digest, stamp))

    def link(self, blob: Path, place: Path) -> None:
        """The file of a snapshot: a link to its blob, or a copy where there are no links."""
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f".{uuid.uuid4().hex}")
        try:
            try:
                beside.symlink_to(os.path.relpath(blob, place.parent))
            except OSError:
                shutil.copyfile(blob, beside)
            os.replace(beside, place)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def _stamp(file: IO[bytes]) -> tuple[int, ...]:
    stat = os.fstat(file.fileno())
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size


def _said_by_link(place: Path) -> str:
    """The hash that a link's blob is named by; empty for a copy."""
    try:
        named = _DIGEST.fullmatch(os.path.basename(os.readlink(place)))
    except OSError:
        return ""
    if named is None:
        return ""
    return f"sha1:{named[1]}" if named[1] else f"sha256:{named[2]}"
