"""A repository of the Hub at one commit, and its files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vlmscope.checkpoints.hub_place import HubPlace


@dataclass(frozen=True)
class HubFile:
    """A file of a repository: its path there, bytes, and hash (`sha256:` of LFS, else git's `sha1:`).

    Of a file that only the cache knows of, the hash may be empty.
    """

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
        kind = "space" if self.repo_type == "space" else None
        return replace(self.place, repo_type=kind, revision=self.commit, path=path)
