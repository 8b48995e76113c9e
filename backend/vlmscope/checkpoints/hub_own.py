"""`OwnHub`: the Hub as one of several people reads it, with a token that is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vlmscope.checkpoints.hub import Hub, allowances_of, are_named
from vlmscope.checkpoints.hub_errors import PERSON
from vlmscope.checkpoints.hub_pinned import Pinned
from vlmscope.checkpoints.hub_place import HubPlace
from vlmscope.checkpoints.hub_wait import Wait


class OwnHub(Hub):
    """What one person may read beside what is `offered` to everyone, which `shared` reads.

    All of it is read with their `token` into `folder`, which is nobody else's. What lies there is given only
    when the Hub says that they may have it still: for each repository and each file, once in the life of this
    object. It is made for one call, holds the token as long as that lasts, and is never shared.
    """

    asks_anew = True

    def __init__(self, shared: Hub, offered: Sequence[str], token: str, folder: Path) -> None:
        super().__init__(
            token=token,
            cache=folder / "hub",
            endpoint=shared.wire.endpoint,
            max_bytes=shared.max_bytes,
            seconds=shared.seconds,
            max_cache_bytes=shared.room.limit,
            remedies=PERSON,
            index=folder / "peeks.sqlite3",
        )
        self.allowed = shared.allowed
        self._shared, self._offered = shared, allowances_of(offered)
        self._given: set[tuple[str, str, str, str]] = set()

    def reader_of(self, place: HubPlace) -> Hub:
        is_offered = are_named(self._offered, place.repo_type or "model", place.repo_id)
        return self._shared if is_offered else self

    def check_given(self, pinned: Pinned, path: str, wait: Wait) -> None:
        file = pinned.repo_type, pinned.repo_id, pinned.commit, path
        if file not in self._given:
            self.wire.check_given(self.url(pinned, path), pinned.at(path), wait)
            self._given.add(file)
