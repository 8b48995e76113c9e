"""Repositories on the Hub: pinned to a commit once, listed, and read there in pieces or whole."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vlmscope.checkpoints.hub_errors import told
from vlmscope.checkpoints.hub_place import HubPlace, check_part, hub_place, is_commit
from vlmscope.values.errors import CheckpointError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoFile

T = TypeVar("T")
SECONDS = 20.0
"""How long a person waits before being told that the Hub does not answer."""
MAX_FILES = 20_000
MAX_BYTES = 8 * 2**30


@dataclass(frozen=True)
class HubFile:
    """A file of a repository: its path there, bytes, and hash (`sha256:` of LFS, else git's `sha1:`)."""

    path: str
    size: int
    digest: str
    modified: str | None = None
    unsafe: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class Pinned:
    """A repository at one commit. `is_cached`: the Hub could not be asked."""

    place: HubPlace
    repo_type: str
    commit: str
    is_cached: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def repo_id(self) -> str:
        return self.place.repo_id

    def at(self, path: str) -> HubPlace:
        return replace(self.place, repo_type=self.repo_type, revision=self.commit, path=path)


class Hub:
    """What is allowed to be read from the Hub, with which token, and where it is kept.

    `allowed` names owners (`owner`) and repositories (`owner/name`), None for all. The token is the
    environment's (HF_TOKEN, or who signed in with `hf auth login`) unless one is given; False for none.
    Beyond `max_cache_bytes` the revisions that were used longest ago leave the cache before another file
    comes; without it, a person's cache is left alone.
    """

    def __init__(
        self,
        *,
        allowed: Sequence[str] | None = None,
        max_bytes: int = MAX_BYTES,
        token: str | bool | None = None,
        cache: str | os.PathLike[str] | None = None,
        endpoint: str | None = None,
        seconds: float = SECONDS,
        max_cache_bytes: int | None = None,
    ) -> None:
        from huggingface_hub import HfApi, constants

        self.allowed = None if allowed is None else frozenset(allowed)
        self.max_bytes = max_bytes
        self.token = token
        self.cache = Path(cache or constants.HF_HUB_CACHE)
        self.seconds = seconds
        self.max_cache_bytes = max_cache_bytes
        self.api = HfApi(endpoint=endpoint, token=token)
        self._pins: dict[HubPlace, Pinned] = {}

    def pin(self, source: str | HubPlace, fresh: bool = False) -> Pinned:
        """The commit that a place stands for: asked once, and then kept unless `fresh`.

        When the Hub cannot be reached, the commit that the cache knows of. Raises CheckpointError.
        """
        place = source if isinstance(source, HubPlace) else hub_place(source)
        self._check_allowed(place)
        whole = replace(place, path=None)
        if fresh or whole not in self._pins:
            self._pins[whole] = self._pin(place)
        pinned = self._pins[whole]
        return replace(pinned, place=replace(pinned.place, path=place.path))

    def _pin(self, place: HubPlace) -> Pinned:
        types = [place.repo_type] if place.repo_type else ["model", "space"]
        first: CheckpointError | None = None
        for repo_type in types:
            try:
                return self._asked(place, repo_type)
            except CheckpointError as error:
                cached = self._cached_commit(place, repo_type)
                if cached is not None and not isinstance(error, NotThere):
                    warning = f"{error} This is what the cache holds."
                    return Pinned(place, repo_type, cached, True, (warning,))
                first = first or error
                if not isinstance(error, NotThere):
                    break
        assert first is not None
        raise first

    def _asked(self, place: HubPlace, repo_type: str) -> Pinned:
        from huggingface_hub import errors

        known = self._cached_commit(place, repo_type) if is_commit(place.revision) else None
        if known is not None:  # a commit never changes
            return Pinned(place, repo_type, known)
        try:
            info: Any = self.within(
                lambda: self.api.repo_info(
                    place.repo_id,
                    revision=place.revision,
                    repo_type=repo_type,
                    timeout=self.seconds,
                ),
                place,
            )
        except CheckpointError as error:
            gone = errors.RepositoryNotFoundError
            if isinstance(error.__cause__, gone) and not isinstance(
                error.__cause__, errors.GatedRepoError
            ):
                raise NotThere(str(error)) from error
            raise
        warnings = ()
        if info.id != place.repo_id:
            self._check_allowed(replace(place, repo_id=info.id))
            warnings = (f"{place.repo_id} is now called {info.id}.",)
        if not is_commit(info.sha):
            raise CheckpointError(f"{place} has no commit yet; give a repository with files.")
        pinned = Pinned(replace(place, repo_id=info.id), repo_type, info.sha, False, warnings)
        self._remember(pinned)
        return pinned

    def files(self, pinned: Pinned) -> list[HubFile]:
        """Every file at the commit; those of the cache where the Hub cannot be asked."""
        if pinned.is_cached:
            return self._cached_files(pinned)
        try:
            return self.within(lambda: self._listed(pinned), pinned.place)
        except CheckpointError:
            cached = self._cached_files(pinned)
            if not cached:
                raise
            return cached

    def dated(self, pinned: Pinned, files: Sequence[HubFile]) -> list[HubFile]:
        """The same files with the time of their last commit, and whether the Hub's own scan warns."""
        if pinned.is_cached or not files:
            return list(files)

        def ask() -> dict[str, RepoFile]:
            found: dict[str, Any] = {}
            for start in range(0, len(files), 100):
                some = [file.path for file in files[start : start + 100]]
                for info in self.api.get_paths_info(
                    pinned.repo_id,
                    some,
                    expand=True,
                    revision=pinned.commit,
                    repo_type=pinned.repo_type,
                ):
                    found[info.path] = info
            return found

        told_of = self.within(ask, pinned.place)
        out = []
        for file in files:
            info = told_of.get(file.path)
            commit, scan = getattr(info, "last_commit", None), getattr(info, "security", None)
            when = None if commit is None else commit.date.isoformat(timespec="milliseconds")
            out.append(
                replace(file, modified=when, unsafe=scan is not None and scan.status == "unsafe")
            )
        return out

    def _listed(self, pinned: Pinned) -> list[HubFile]:
        from huggingface_hub.hf_api import RepoFile

        out: list[HubFile] = []
        for entry in self.api.list_repo_tree(
            pinned.repo_id, recursive=True, revision=pinned.commit, repo_type=pinned.repo_type
        ):
            if len(out) >= MAX_FILES:
                raise CheckpointError(
                    f"{pinned.place} holds more than {MAX_FILES:,} files; name a file in it."
                )
            if isinstance(entry, RepoFile):
                try:
                    for part in entry.path.split("/"):
                        check_part(part, entry.path)
                except CheckpointError:
                    continue  # a name that could lead out of its folder is none of a checkpoint's
                digest = f"sha256:{entry.lfs.sha256}" if entry.lfs else f"sha1:{entry.blob_id}"
                out.append(HubFile(entry.path, entry.size, digest))
        return out

    @property
    def commits_in_use(self) -> set[str]:
        """What this process has pinned."""
        return {pinned.commit for pinned in self._pins.values()}

    # ---- the cache, as the Hub's own client lays it out
    def folder(self, pinned: Pinned) -> Path:
        from huggingface_hub.file_download import repo_folder_name

        return self.cache / repo_folder_name(repo_id=pinned.repo_id, repo_type=pinned.repo_type)

    def snapshot(self, pinned: Pinned) -> Path:
        return self.folder(pinned) / "snapshots" / pinned.commit

    def _remember(self, pinned: Pinned) -> None:
        revision = pinned.place.revision or "main"
        if is_commit(revision):
            return
        reference = self.folder(pinned) / "refs" / revision
        try:
            reference.parent.mkdir(parents=True, exist_ok=True)
            reference.write_text(pinned.commit)
        except OSError:
            pass  # a cache that cannot be written to only costs the offline use

    def _cached_commit(self, place: HubPlace, repo_type: str) -> str | None:
        pinned = Pinned(place, repo_type, place.revision or "")
        if is_commit(place.revision):
            return place.revision if self.snapshot(pinned).is_dir() else None
        try:
            commit = (self.folder(pinned) / "refs" / (place.revision or "main")).read_text().strip()
        except OSError:
            return None
        known = is_commit(commit) and self.snapshot(replace(pinned, commit=commit)).is_dir()
        return commit if known else None

    def _cached_files(self, pinned: Pinned) -> list[HubFile]:
        snapshot = self.snapshot(pinned)
        return [
            HubFile(path.relative_to(snapshot).as_posix(), path.stat().st_size, "")
            for path in sorted(snapshot.rglob("*"))
            if path.is_file()
        ]

    # ---- what is allowed, and how long it may take
    def _check_allowed(self, place: HubPlace) -> None:
        owner = place.repo_id.partition("/")[0]
        if self.allowed is not None and not {owner, place.repo_id} & self.allowed:
            raise CheckpointError(
                f"{place.repo_id} may not be read here, only {', '.join(sorted(self.allowed)) or 'none'}; "
                "duplicate this Space, or run the app yourself, to read others."
            )

    def within(self, ask: Callable[[], T], place: HubPlace) -> T:
        """The answer to a question, or CheckpointError after the seconds that a person is let wait."""
        answer: list[T] = []
        fault: list[BaseException] = []

        def work() -> None:
            try:
                answer.append(ask())
            except BaseException as error:
                fault.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self.seconds)
        if thread.is_alive():
            raise told(TimeoutError(), place)
        if fault:
            raise told(fault[0], place) from fault[0]
        return answer[0]


class NotThere(CheckpointError):
    """No such repository, of this type at least."""
