"""Checkpoints in repositories on the Hub: listed from pieces, and fetched to load."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from vlmscope.checkpoints.blob import LocalBlob
from vlmscope.checkpoints.download import Progress, cached, download
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_errors import Away, Late, NotThere
from vlmscope.checkpoints.hub_pinned import HubFile, Pinned
from vlmscope.checkpoints.hub_place import HubPlace, hub_place, is_commit
from vlmscope.checkpoints.hub_wait import Stop, Wait
from vlmscope.checkpoints.index import Index
from vlmscope.checkpoints.neighbours import ADAPTER, GENERIC, Neighbours
from vlmscope.checkpoints.places import SUFFIXES, no_pickles, only_one
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.recorded import record_of
from vlmscope.checkpoints.remote import RemoteBlob
from vlmscope.values.errors import CheckpointError

MAX_BESIDE = 64_000
"""Bytes of a neighbour that is read with a peek."""
MAX_CONFIG = 1_000_000
"""Bytes of an adapter's config, which is fetched with it."""
MAX_PEEKED = 500


def found_on_hub(
    hub: Hub, source: str, reader: PickleReader, index: Index, fresh: bool = False
) -> Iterator[Checkpoint]:
    """Every checkpoint of a repository, at one commit; raises CheckpointError when it cannot be listed.

    All of it takes no longer than the hub lets a person wait: what was not read by then is there with a
    warning, and what was is known the next time.
    """
    place = hub_place(source)
    hub = hub.reader_of(place)
    wait = hub.wait()
    for pinned in _both(hub, place, fresh, wait):
        pinned, files = hub.listed(pinned, wait)
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
        yield from _Listing(hub, pinned, files, wait).records(wanted, reader, index)


def peeked_on_hub(hub: Hub, source: str, reader: PickleReader) -> Checkpoint:
    """The record of the one file that a source names; raises CheckpointError."""
    hub = hub.reader_of(hub_place(source))
    wait = hub.wait()
    pinned, files = hub.listed(hub.pin(source, wait=wait), wait)
    (file,) = hub.dated(pinned, [_chosen(pinned, files)], wait)
    record = _Listing(hub, pinned, files, wait).record(file, reader)
    return replace(record, warnings=(*pinned.warnings, *record.warnings))


def fetched(
    hub: Hub,
    source: str,
    pickles: bool = True,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Path:
    """The file of weights that a source on the Hub names, in the cache, whole and checked."""
    with having(hub, source, pickles, progress, stop) as path:
        return path


@contextmanager
def having(
    hub: Hub,
    source: str,
    pickles: bool = True,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Iterator[Path]:
    """As `fetched`; while this lasts, the file does not leave the cache for others."""
    hub = hub.reader_of(hub_place(source))
    pinned = hub.pin(source, wait=hub.wait(stop))
    if pinned.place.path is not None and not pickles:
        no_pickles(pinned.place.path, source)
    with hub.room.hold(pinned):
        yield _fetched(hub, pinned, source, pickles, progress, stop)


def _fetched(
    hub: Hub,
    pinned: Pinned,
    source: str,
    pickles: bool,
    progress: Progress | None,
    stop: Stop | None,
) -> Path:
    path = pinned.place.path
    known = None if path is None else cached(hub, pinned, path, stop)
    if known is not None and path is not None:
        hub.check_given(pinned, path, hub.wait(stop))
        return known
    pinned, files = hub.listed(pinned, hub.wait(stop))
    file = _chosen(pinned, files)
    if not pickles:
        no_pickles(file.name, source)
    hub.check_given(pinned, file.path, hub.wait(stop))
    beside = file.path.removesuffix(file.name) + ADAPTER
    for each in files:
        if each.path == beside:
            if each.size > MAX_CONFIG:
                raise CheckpointError(
                    f"{pinned.at(beside)} has {each.size:,} bytes, and a config at most {MAX_CONFIG:,}; "
                    "give another adapter."
                )
            download(hub, pinned, each, None, stop)
    return download(hub, pinned, file, progress, stop)


def _both(hub: Hub, place: HubPlace, fresh: bool, wait: Wait) -> list[Pinned]:
    """The repository, or the model and the Space of one name: trainers upload to either."""
    if is_commit(place.revision):  # of one of them
        return [hub.pin(place, fresh, wait=wait)]
    found: list[Pinned] = []
    problems: list[CheckpointError] = []
    for repo_type in hub.types(place):
        try:
            found.append(hub.pin(place, fresh, repo_type, wait))
        except NotThere as error:
            problems.append(error)
        except Away as error:
            problems.insert(0, error)
    if not found:
        raise problems[0]
    if problems and isinstance(problems[0], Away) and not found[0].is_cached:
        found[0] = replace(found[0], warnings=(*found[0].warnings, str(problems[0])))
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


class _Listing:
    """The files of a repository at its commit, for records of some of them."""

    def __init__(self, hub: Hub, pinned: Pinned, files: Sequence[HubFile], wait: Wait) -> None:
        self.hub, self.pinned, self.wait = hub, pinned, wait
        self._by_path = {file.path: file for file in files}
        self._neighbours = Neighbours(self._beside)
        self._away: Away | None = None

    def records(
        self, wanted: Sequence[HubFile], reader: PickleReader, index: Index
    ) -> Iterator[Checkpoint]:
        pinned = self.pinned
        sources = {str(pinned.at(file.path)): file for file in wanted}
        known = index.get(dict.fromkeys(sources, pinned.commit))
        new = [file for source, file in sources.items() if source not in known]
        fresh: dict[str, Checkpoint] = {}
        away: CheckpointError | None = None
        try:
            new = self.hub.dated(pinned, new, self.wait)
        except CheckpointError as error:
            away = error
        for file in new:
            bare = _bare(pinned, file)
            try:
                if away is None:
                    fresh[bare.source] = self.record(file, reader)
                    continue
            except Away as error:  # the others are not asked for
                away = error
            except CheckpointError as error:
                yield replace(bare, warnings=(*bare.warnings, *pinned.warnings, str(error)))
                continue
            late = f"It was not read in {self.hub.seconds:g} s; look again to read on."
            why = late if isinstance(away, Late) else f"It was not read: {away}"
            yield replace(bare, warnings=(*bare.warnings, *pinned.warnings, why))
        if not pinned.is_cached:  # what the Hub could not be asked is missing in them
            index.put((source, pinned.commit, record) for source, record in fresh.items())
        for record in (known | fresh).values():
            yield replace(record, warnings=(*pinned.warnings, *record.warnings))

    def record(self, file: HubFile, reader: PickleReader) -> Checkpoint:
        path = PurePosixPath(file.path)
        with closing(self._blob(file)) as blob:
            record = record_of(_bare(self.pinned, file), path, blob, reader, self._neighbours)
        if self._away is not None:  # what lies beside it was not read, and may be the next time
            raise self._away
        return record

    def _beside(self, place: PurePosixPath) -> bytes | None:
        """A small file of the repository, for `Neighbours`."""
        file = self._by_path.get(str(place))
        if file is None:
            return None
        if file.size > MAX_BESIDE:
            raise ValueError(f"it has {file.size:,} bytes")
        try:
            with closing(self._blob(file)) as blob:
                return blob.read(0, file.size)
        except CheckpointError as error:
            self._away = error if isinstance(error, Away) else self._away
            raise ValueError(str(error).rstrip(".")) from None

    def _blob(self, file: HubFile) -> LocalBlob | RemoteBlob:
        there = self.hub.disk.file(self.pinned, file.path)
        if self.pinned.is_cached or (not self.hub.asks_anew and _has_size(there, file.size)):
            return LocalBlob(there)
        return RemoteBlob(self.hub, self.pinned, file, self.wait)


def _has_size(path: Path, size: int) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) == size


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
