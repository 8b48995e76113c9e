"""The file that a source names, wherever it lies: one of this machine, or fetched from the Hub."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.places import is_hub
from vlmscope.checkpoints.remote import Progress


@cache
def default_hub() -> Hub:
    """The Hub as a person's own machine reads it: every repository, with the environment's token."""
    return Hub()


def local_source(
    source: str,
    pickles: bool = True,
    hub: Hub | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> str:
    """The source itself, or the path of the file that was fetched for it; raises CheckpointError."""
    if not is_hub(source):
        return source
    from vlmscope.checkpoints.hub_find import fetched

    return str(fetched(hub or default_hub(), source, pickles, progress, stop))
