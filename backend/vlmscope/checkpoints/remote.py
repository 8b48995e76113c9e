"""Files of the Hub: pieces of one over HTTP ranges, and whole ones into the Hub's own cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from vlmscope.checkpoints.hub import Hub, HubFile, Pinned
from vlmscope.checkpoints.hub_errors import Interrupted, told
from vlmscope.values.errors import CheckpointError

CHUNK = 2**18
TRIES = 3
"""How often a download that is cut goes on by itself."""
SPARE = 64 * 2**20
"""Bytes of disk that a download leaves free."""
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

Progress = Callable[[int, int], None]


class RemoteBlob:
    """A file at a commit, read in pieces; nothing of it is kept."""

    def __init__(self, hub: Hub, pinned: Pinned, file: HubFile) -> None:
        self.name, self.size, self.moved = file.name, file.size, 0
        self._hub, self._pinned, self._file = hub, pinned, file

    def read(self, start: int, length: int) -> bytes:
        if length == 0:
            return b""
        place = self._pinned.at(self._file.path)
        data = self._hub.within(lambda: self._asked(start, length), place)
        if len(data) != length:
            raise CheckpointError(f"{place} was cut in the middle; try again.")
        return data

    def _asked(self, start: int, length: int) -> bytes:
        parts: list[bytes] = []
        got = 0
        with _stream(self._hub, self._pinned, self._file, start, start + length) as response:
            for part in response.iter_bytes(CHUNK):
                parts.append(part)
                got += len(part)
                self.moved += len(part)
                if got >= length:
                    break
        return b"".join(parts)[:length]


def download(
    hub: Hub,
    pinned: Pinned,
    file: HubFile,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Path:
    """The whole file in the Hub's cache: from there, or moved, checked by size and hash, and put there.

    `progress` is told the bytes that are there and all. With `stop`, or when it is cut, what is there
    stays and the next download goes on from it. Raises CheckpointError, one sentence.
    """
    place = hub.snapshot(pinned) / file.path
    if place.is_file() and place.stat().st_size == file.size:
        return place
    if pinned.is_cached:
        raise CheckpointError(
            f"{pinned.at(file.path)} is not in the cache, and the Hub was not asked; go online."
        )
    if file.size > hub.max_bytes:
        raise CheckpointError(
            f"{pinned.at(file.path)} has {_mib(file.size)}, and at most {_mib(hub.max_bytes)} are "
            "downloaded here; choose a smaller checkpoint."
        )
    blobs = hub.folder(pinned) / "blobs"
    make_room(hub, file.size)
    try:
        blobs.mkdir(parents=True, exist_ok=True)
        blob = blobs / file.digest.partition(":")[2]
        if not (blob.is_file() and blob.stat().st_size == file.size):
            with _part(blob) as part:
                if not blob.is_file():
                    _fill(hub, pinned, file, part, progress, stop)
                    os.replace(part.name, blob)
        _link(blob, place)
    except OSError as error:
        raise CheckpointError(
            f"{pinned.at(file.path)} cannot be kept ({error.strerror or error}); make room, or set "
            "HF_HUB_CACHE to another disk."
        ) from error
    return place


def make_room(hub: Hub, nbytes: int) -> None:
    """Let revisions leave a cache with a limit, by the Hub's own tools, until so many bytes fit in.

    Those that were used longest ago go first; what this process has pinned stays.
    """
    if hub.max_cache_bytes is None or not hub.cache.is_dir():
        return
    from huggingface_hub import scan_cache_dir

    held = scan_cache_dir(hub.cache)
    excess = held.size_on_disk + nbytes - hub.max_cache_bytes
    if excess <= 0:
        return
    revisions = sorted(
        ((repo.last_accessed, revision) for repo in held.repos for revision in repo.revisions),
        key=lambda pair: (pair[0], pair[1].last_modified),
    )
    leaving: list[str] = []
    for _, revision in revisions:
        if revision.commit_hash in hub.commits_in_use:
            continue
        leaving.append(revision.commit_hash)
        if held.delete_revisions(*leaving).expected_freed_size >= excess:
            break
    if leaving:
        held.delete_revisions(*leaving).execute()


@contextmanager
def _part(blob: Path) -> Iterator[IO[bytes]]:
    """What is there of a download, for one process at a time."""
    with open(blob.with_name(f"{blob.name}.vlmscope.incomplete"), "ab") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        yield part


def _fill(
    hub: Hub,
    pinned: Pinned,
    file: HubFile,
    part: IO[bytes],
    progress: Progress | None,
    stop: Callable[[], bool] | None,
) -> None:
    place = pinned.at(file.path)
    part.seek(0, os.SEEK_END)
    if part.tell() > file.size:
        part.truncate(0)
    free = shutil.disk_usage(os.path.dirname(part.name)).free
    if file.size - part.tell() + SPARE > free:
        raise CheckpointError(
            f"{place} needs {_mib(file.size - part.tell())} and the disk has {_mib(free)} free; make "
            "room, or set HF_HUB_CACHE to another disk."
        )
    last: BaseException | None = None
    for _ in range(TRIES):
        if part.tell() >= file.size:
            break
        try:
            last = None
            _go_on(hub, pinned, file, part, progress, stop)
        except (CheckpointError, OSError):
            raise
        except Exception as error:  # httpx raises many kinds for a connection that breaks
            last = error
            if getattr(error, "response", None) is not None:
                break
    if part.tell() < file.size:
        if last is not None and getattr(last, "response", None) is not None:
            raise told(last, place) from last
        raise CheckpointError(
            f"{place} was cut after {_mib(part.tell())} of {_mib(file.size)}; try again, it goes on "
            "from there."
        )
    part.flush()
    if not _is_right(Path(part.name), file):
        part.truncate(0)
        raise CheckpointError(
            f"{place} came with other bytes than the Hub's hash of it says, and was thrown away; try "
            "again."
        )


def _go_on(
    hub: Hub,
    pinned: Pinned,
    file: HubFile,
    part: IO[bytes],
    progress: Progress | None,
    stop: Callable[[], bool] | None,
) -> None:
    with _stream(hub, pinned, file, part.tell(), file.size) as response:
        for piece in response.iter_bytes(CHUNK):
            part.write(piece[: file.size - part.tell()])
            if progress is not None:
                progress(part.tell(), file.size)
            if stop is not None and stop():
                part.flush()
                raise Interrupted(
                    f"{pinned.at(file.path)} was stopped after {_mib(part.tell())}; the next time goes "
                    "on from there."
                )
            if part.tell() >= file.size:
                return


@contextmanager
def _stream(hub: Hub, pinned: Pinned, file: HubFile, start: int, end: int) -> Iterator[Any]:
    """The response with the bytes from `start` to before `end`; the token stays with the Hub's host."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    url = hf_hub_url(
        pinned.repo_id,
        file.path,
        repo_type=pinned.repo_type,
        revision=pinned.commit,
        endpoint=hub.api.endpoint,
    )
    headers = build_hf_headers(token=hub.token) | {
        "Range": f"bytes={start}-{end - 1}",
        "Accept-Encoding": "identity",
    }
    with get_session().stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=hub.seconds
    ) as response:
        hf_raise_for_status(response)
        said = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        is_asked = said is not None and int(said[1]) == start
        if not (is_asked or (response.status_code == 200 and start == 0)):
            raise CheckpointError(
                f"{pinned.at(file.path)} cannot be read in pieces, the server does not give them; "
                "download it and give the file."
            )
        yield response


def _is_right(path: Path, file: HubFile) -> bool:
    kind, _, expected = file.digest.partition(":")
    digest = hashlib.sha256() if kind == "sha256" else hashlib.sha1(f"blob {file.size}\0".encode())
    with open(path, "rb") as data:
        while piece := data.read(2**20):
            digest.update(piece)
    return path.stat().st_size == file.size and digest.hexdigest() == expected


def _link(blob: Path, place: Path) -> None:
    """The file of a snapshot: a link to its blob, or a copy where there are no links."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name[:100]}.{uuid.uuid4().hex}")
    try:
        beside.symlink_to(os.path.relpath(blob, place.parent))
    except OSError:
        shutil.copyfile(blob, beside)
    os.replace(beside, place)


def _mib(count: int) -> str:
    return f"{count / 2**20:,.1f} MiB"
