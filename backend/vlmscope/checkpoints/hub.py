"""Repositories on the Hub: what may be read of them, pinned to a commit once, and listed there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vlmscope.checkpoints import hub_answers
from vlmscope.checkpoints.hub_answers import MAX_FILES
from vlmscope.checkpoints.hub_cache import Cache
from vlmscope.checkpoints.hub_errors import MACHINE, Away, Interrupted, NotThere, Remedies
from vlmscope.checkpoints.hub_pinned import HubFile, Pinned
from vlmscope.checkpoints.hub_place import HubPlace, hub_place, is_commit
from vlmscope.checkpoints.hub_room import Room
from vlmscope.checkpoints.hub_wait import Stop, Wait
from vlmscope.checkpoints.hub_wire import Wire
from vlmscope.values.errors import CheckpointError, plain

SECONDS = 20.0
"""How long a person waits before being told that the Hub does not answer."""
MAX_BYTES = 8 * 2**30
MAX_PINS = 1_000


class Hub:
    """What is allowed to be read from the Hub, with which token, and where it is kept.

    `allowed` names owners (`owner`) and repositories (`[spaces/]owner/name`, whose revision is no limit),
    None for all. The token is the environment's (HF_TOKEN, or who signed in with `hf auth login`) unless
    one is given; False for none. Beyond `max_cache_bytes` what was used longest ago leaves the cache before
    another file comes; without it, a person's cache is left alone.

    Whatever asks takes a `Wait`: `seconds` from then, unless one is given. `remedies` are what its refusals
    advise. An `index` is where records of what it reads are kept; None: with this user's others.
    """

    asks_anew = False
    """Whether the Hub says each time that what lies in the cache may be read."""

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
        remedies: Remedies = MACHINE,
        index: Path | None = None,
    ) -> None:
        from huggingface_hub import constants

        self.allowed = None if allowed is None else allowances_of(allowed)
        self.max_bytes = max_bytes
        self.cache = Path(cache or constants.HF_HUB_CACHE)
        self.disk = Cache(self.cache)
        self.room = Room(self.disk, max_cache_bytes)
        self.seconds = seconds
        self.index = index
        home = (endpoint or constants.ENDPOINT).rstrip("/")
        self.wire = Wire(home, token, self._check_allowed, remedies)
        self._pins: dict[tuple[HubPlace, str | None], Pinned] = {}

    def reader_of(self, place: HubPlace) -> Hub:
        """The Hub that reads a place: this one."""
        return self

    def wait(self, stop: Stop | None = None) -> Wait:
        return Wait(self.seconds, stop)

    def pin(
        self,
        source: str | HubPlace,
        fresh: bool = False,
        only: str | None = None,
        wait: Wait | None = None,
    ) -> Pinned:
        """The commit that a place stands for: asked once, and then kept unless `fresh`.

        `only` is the type of repository that is meant where the place says none. When the Hub cannot be
        asked, the commit that the cache knows of. Raises CheckpointError.
        """
        place = source if isinstance(source, HubPlace) else hub_place(source)
        types = [only] if only else self.types(place)
        key = replace(place, path=None), only
        pinned = None if fresh else self._pins.get(key)
        if pinned is None:
            pinned = self._pin(place, types, wait or self.wait())
            self._pins.pop(key, None)
            if not pinned.is_cached:  # else the Hub is asked again the next time
                self._pins[key] = pinned
            while len(self._pins) > MAX_PINS:
                del self._pins[next(iter(self._pins))]
        return replace(pinned, place=replace(pinned.place, path=place.path))

    def types(self, place: HubPlace) -> list[str]:
        """The types of repository that a place may mean here; raises CheckpointError for none."""
        meant = [place.repo_type] if place.repo_type else ["model", "space"]
        allowed = [each for each in meant if self._is_allowed(each, place.repo_id)]
        if not allowed:
            self._check_allowed(place.repo_type, place.repo_id)
        return allowed

    def _pin(self, place: HubPlace, types: Sequence[str], wait: Wait) -> Pinned:
        if is_commit(place.revision) and not self.asks_anew:
            for each in types:
                known = self.disk.commit_of(place, each)
                if known is not None:  # a commit never changes
                    return Pinned(place, each, known)
        missing: NotThere | None = None
        for repo_type in types:
            try:
                return self._asked(place, repo_type, wait)
            except NotThere as error:
                missing = missing or error
            except Away as error:
                if self.asks_anew:
                    raise
                for each in types:
                    cached = self.disk.commit_of(place, each)
                    if cached is not None:
                        warning = f"{error} This is what the cache holds."
                        return Pinned(place, each, cached, True, (warning,))
                raise
        assert missing is not None
        raise missing

    def _asked(self, place: HubPlace, repo_type: str, wait: Wait) -> Pinned:
        revision = f"/revision/{quote(place.revision, safe='')}" if place.revision else ""
        url = f"{self._api(repo_type, place.repo_id)}{revision}?expand=sha"
        name, commit = hub_answers.pin_of(hub_answers.asked(self.wire, url, place, wait), place)
        warnings = ()
        if name != place.repo_id:
            self._check_allowed(repo_type, name)
            warnings = (f"{place.repo_id} is now called {name}.",)
        pinned = Pinned(replace(place, repo_id=name), repo_type, commit, False, warnings)
        self.disk.remember(pinned)
        return pinned

    def files(self, pinned: Pinned, wait: Wait | None = None) -> list[HubFile]:
        """Every file at the commit; those of the cache where the Hub cannot be asked."""
        return self.listed(pinned, wait or self.wait())[1]

    def listed(self, pinned: Pinned, wait: Wait) -> tuple[Pinned, list[HubFile]]:
        """As `files`; and the commit, with a warning when it is the cache that was listed."""
        if pinned.is_cached:
            return pinned, self.disk.files(pinned)
        try:
            return pinned, self._listed(pinned, wait)
        except Interrupted:
            raise
        except CheckpointError as error:
            cached = [] if self.asks_anew else self.disk.files(pinned)
            if not cached:
                raise
            warning = f"{error} This is what the cache holds."
            return replace(pinned, is_cached=True, warnings=(*pinned.warnings, warning)), cached

    def _listed(self, pinned: Pinned, wait: Wait) -> list[HubFile]:
        api = self._api(pinned.repo_type, pinned.repo_id)
        out: dict[str, HubFile] = {}
        for page in hub_answers.pages(
            self.wire, f"{api}/tree/{pinned.commit}?recursive=true", pinned.place, wait
        ):
            out |= {file.path: file for file in hub_answers.files_of(page, pinned.place)}
            if len(out) > MAX_FILES:
                raise CheckpointError(
                    f"{pinned.place} holds more than {MAX_FILES:,} files; name a file in it."
                )
        return list(out.values())

    def dated(
        self, pinned: Pinned, files: Sequence[HubFile], wait: Wait | None = None
    ) -> list[HubFile]:
        """The same files with the time of their last commit, and whether the Hub's own scan warns."""
        if pinned.is_cached or not files:
            return list(files)
        wait = wait or self.wait()
        url = f"{self._api(pinned.repo_type, pinned.repo_id)}/paths-info/{pinned.commit}"
        told: dict[str, Any] = {}
        for start in range(0, len(files), 100):
            some = [file.path for file in files[start : start + 100]]
            asked = {"paths": some, "expand": True}
            said = hub_answers.asked(self.wire, url, pinned.place, wait, asked)
            for each in said if isinstance(said, list) else ():
                if isinstance(each, dict) and isinstance(each.get("path"), str):
                    told[each["path"]] = each
        return [hub_answers.dated(file, told.get(file.path)) for file in files]

    def check_given(self, pinned: Pinned, path: str, wait: Wait) -> None:
        """Raise CheckpointError for a file that this reader may not have, wherever it lies.

        What is in the cache may be had, unless the Hub is asked anew.
        """

    def remember(self, pinned: Pinned) -> None:
        """That the branches and tags which were asked for are this commit, of which files are here now."""
        for known in list(self._pins.values()):
            same = (known.repo_id, known.repo_type, known.commit)
            if same == (pinned.repo_id, pinned.repo_type, pinned.commit):
                self.disk.remember(known)

    def url(self, pinned: Pinned, path: str) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(
            pinned.repo_id,
            path,
            repo_type=pinned.repo_type,
            revision=pinned.commit,
            endpoint=self.wire.endpoint,
        )

    def _api(self, repo_type: str, repo_id: str) -> str:
        return f"{self.wire.endpoint}/api/{repo_type}s/{repo_id}"

    def _is_allowed(self, repo_type: str | None, repo_id: str) -> bool:
        return self.allowed is None or are_named(self.allowed, repo_type, repo_id)

    def _check_allowed(self, repo_type: str | None, repo_id: str) -> None:
        if not self._is_allowed(repo_type, repo_id):
            others = sorted(
                f"{kind}s/{name}" if kind else name for kind, name in self.allowed or ()
            )
            raise CheckpointError(
                f"{plain(repo_id, 200)} may not be read here, only {', '.join(others) or 'none'}; "
                "duplicate this Space, or run the app yourself, to read others."
            )


Allowances = frozenset[tuple[str | None, str]]
"""Owners and repositories, each with the type that is meant, None for any."""


def are_named(allowances: Allowances, repo_type: str | None, repo_id: str) -> bool:
    """Whether a repository, or its owner, is among them."""
    names = (repo_id.partition("/")[0], repo_id)
    return any(name in names and kind in (None, repo_type) for kind, name in allowances)


def allowances_of(names: Sequence[str]) -> Allowances:
    """What `owner` and `[spaces/]owner/name` name."""
    return frozenset(map(_allowance, names))


def _allowance(name: str) -> tuple[str | None, str]:
    """The type, None for any, and the owner or repository that an allowance names."""
    if "/" not in name:
        return None, name
    place = hub_place(name)
    return place.repo_type, place.repo_id
