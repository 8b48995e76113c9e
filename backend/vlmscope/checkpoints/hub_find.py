"""Checkpoints in repositories on the Hub: listed from pieces, and fetched to load."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from vlmscope.checkpoints.blob import Blob, LocalBlob
from vlmscope.checkpoints.hub import Hub, HubFile, NotThere, Pinned
from vlmscope.checkpoints.hub_place import HubPlace, hub_place
from vlmscope.checkpoints.index import Index
from vlmscope.checkpoints.neighbours import ADAPTER, GENERIC, Neighbours
from vlmscope.checkpoints.places import SUFFIXES, no_pickles, only_one
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.recorded import record_of
from vlmscope.checkpoints.remote import Progress, RemoteBlob, download
from vlmscope.values.errors import CheckpointError

MAX_BESIDE = 64_000
"""Bytes of a neighbour that is read with a peek."""
MAX_PEEKED = 500


def found_on_hub(
    hub: Hub, source: str, reader: PickleReader, index: Index, fresh: bool = False
) -> Iterator[Checkpoint]:
    """Every checkpoint of a repository, at one commit; raises CheckpointError when it cannot be listed."""
    for pinned in _both(hub, hub_place(source), fresh):
        files = hub.files(pinned)
        wanted = [
            file
            for file in files
            if file.name.endswith(SUFFIXES) and _is_inside(file, pinned.place.path)
        ]
        if len(wanted) > MAX_PEEKED:
            raise CheckpointError(
                f"{pinned.place} holds {len(wanted):,} files of weights, more than {MAX_PEEKED}; name a "
                "folder in it."
            )
        yield from _records(hub, pinned, files, wanted, reader, index)


def peeked_on_hub(hub: Hub, source: str, reader: PickleReader) -> Checkpoint:
    """The record of the one file that a source names; raises CheckpointError."""
    pinned = hub.pin(source)
    files = hub.files(pinned)
    (file,) = hub.dated(pinned, [_chosen(pinned, files)])
    path = PurePosixPath(file.path)
    beside = Neighbours(_beside(hub, pinned, files))
    record = record_of(_bare(pinned, file), path, _blob(hub, pinned, file), reader, beside)
    return replace(record, warnings=(*pinned.warnings, *record.warnings))


def fetched(
    hub: Hub,
    source: str,
    pickles: bool = True,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Path:
    """The file of weights that a source on the Hub names, in the cache, whole and checked."""
    pinned = hub.pin(source)
    path = pinned.place.path
    if path is not None and not pickles:
        no_pickles(path, source)
    if path is not None and (hub.snapshot(pinned) / path).is_file():
        return hub.snapshot(pinned) / path  # whole: only what was checked is put there
    files = hub.files(pinned)
    file = _chosen(pinned, files)
    if not pickles:
        no_pickles(file.name, source)
    beside = file.path.removesuffix(file.name) + ADAPTER
    for each in files:
        if each.path == beside:
            download(hub, pinned, each)
    return download(hub, pinned, file, progress, stop)


def _both(hub: Hub, place: HubPlace, fresh: bool) -> list[Pinned]:
    """The repository, or the model and the Space of one name: trainers upload to either."""
    if place.repo_type is not None:
        return [hub.pin(place, fresh)]
    found: list[Pinned] = []
    missing: CheckpointError | None = None
    for repo_type in ("model", "space"):
        try:
            found.append(hub.pin(replace(place, repo_type=repo_type), fresh))
        except NotThere as error:
            missing = missing or error
        except CheckpointError:
            if not any(
                each.is_cached for each in found
            ):  # else the Hub was told to be away already
                raise
    if not found and missing is not None:
        raise CheckpointError(str(missing).replace("hf://spaces/", "hf://"))
    return found


def _is_inside(file: HubFile, path: str | None) -> bool:
    return path is None or file.path == path or file.path.startswith(f"{path}/")


def _chosen(pinned: Pinned, files: Sequence[HubFile]) -> HubFile:
    """The file that a place means: itself, or the one of its folder."""
    path = pinned.place.path
    for file in files:
        if file.path == path:
            return file
    inside = {file.name: file for file in files if file.folder == (path or "")}
    if not inside:
        raise CheckpointError(f"{pinned.place} is not there; check the path.")
    return inside[only_one(list(inside), str(pinned.place))]


def _records(
    hub: Hub,
    pinned: Pinned,
    files: Sequence[HubFile],
    wanted: Sequence[HubFile],
    reader: PickleReader,
    index: Index,
) -> Iterator[Checkpoint]:
    stamps = {str(pinned.at(file.path)): pinned.commit for file in wanted}
    known = index.get(stamps)
    dated = hub.dated(pinned, [file for file in wanted if str(pinned.at(file.path)) not in known])
    neighbours = Neighbours(_beside(hub, pinned, files))
    fresh: dict[str, Checkpoint] = {}
    for file in dated:
        bare = _bare(pinned, file)
        try:
            path = PurePosixPath(file.path)
            with_all = record_of(bare, path, _blob(hub, pinned, file), reader, neighbours)
            fresh[bare.source] = with_all
        except CheckpointError as error:
            yield replace(bare, warnings=(*bare.warnings, str(error)))
    index.put((source, pinned.commit, record) for source, record in fresh.items())
    for record in (known | fresh).values():
        yield replace(record, warnings=(*pinned.warnings, *record.warnings))


def _beside(
    hub: Hub, pinned: Pinned, files: Sequence[HubFile]
) -> Callable[[PurePosixPath], bytes | None]:
    """Reads a small file of the repository, for `Neighbours`."""
    by_path = {file.path: file for file in files}

    def read(place: PurePosixPath) -> bytes | None:
        file = by_path.get(str(place))
        if file is None:
            return None
        if file.size > MAX_BESIDE:
            raise ValueError(f"it has {file.size:,} bytes")
        try:
            return _blob(hub, pinned, file).read(0, file.size)
        except CheckpointError as error:
            raise ValueError(str(error).rstrip(".")) from None

    return read


def _bare(pinned: Pinned, file: HubFile) -> Checkpoint:
    path = PurePosixPath(file.path)
    folder = path.parent.name or pinned.repo_id.partition("/")[2]
    warnings = ("The Hub's own scan calls this file unsafe.",) if file.unsafe else ()
    return Checkpoint(
        folder if path.name in GENERIC else path.stem,
        str(pinned.at(file.path)),
        bytes=file.size,
        modified=file.modified,
        commit=pinned.commit,
        warnings=warnings,
    )


def _blob(hub: Hub, pinned: Pinned, file: HubFile) -> Blob:
    cached = hub.snapshot(pinned) / file.path
    if pinned.is_cached or cached.is_file():
        return LocalBlob(cached)
    return RemoteBlob(hub, pinned, file)
