"""The file that a source names, wherever it lies: one of this machine, or fetched from the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from vlmscope.checkpoints.download import Progress
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_wait import Stop
from vlmscope.checkpoints.places import is_hub


@cache
def default_hub() -> Hub:
    """The Hub as a person's own machine reads it: every repository, with the environment's token."""
    return Hub()


def local_source(
    source: str,
    pickles: bool = True,
    hub: Hub | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> str:
    """The source itself, or the path of the file that was fetched for it; raises CheckpointError."""
    with held_source(source, pickles, hub, progress, stop) as local:
        return local


@contextmanager
def held_source(
    source: str,
    pickles: bool = True,
    hub: Hub | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Iterator[str]:
    """As `local_source`; while this lasts, the file does not leave the cache for others."""
    if not is_hub(source):
        yield source
        return
    from vlmscope.checkpoints.hub_find import having

    with having(hub or default_hub(), source, pickles, progress, stop) as path:
        yield str(path)
