"""`peek` and `discover`: checkpoints from a few kilobytes each, whatever their size and wherever they lie."""

from __future__ import annotations

import os
from dataclasses import replace

from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_find import found_on_hub, peeked_on_hub
from vlmscope.checkpoints.index import Index
from vlmscope.checkpoints.local_find import found_here, peeked_here
from vlmscope.checkpoints.places import PICKLES, is_hub, no_pickles, weights_file
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.sources import default_hub


def peek(
    source: str | os.PathLike[str], *, pickles: bool = True, hub: Hub | None = None
) -> Checkpoint:
    """What a file of weights, or the one in a folder or repository, says of itself; no tensor is read.

    Raises CheckpointError for what is missing or cannot be read; without `pickles`, also for a `.pt`.
    """
    place = os.fspath(source)
    with PickleReader() as reader:
        if not is_hub(place):
            return peeked_here(weights_file(place, pickles), reader)
        record = peeked_on_hub(hub or default_hub(), place, reader)
        if not pickles:
            no_pickles(record.source, place)
        return record


def discover(
    *places: str | os.PathLike[str],
    pickles: bool = True,
    index: Index | None = None,
    hub: Hub | None = None,
) -> list[Checkpoint]:
    """Every checkpoint in files, folders (searched inside) and repositories on the Hub, newest first.

    One that cannot be read is there with its warning, and one that is still being written is marked.
    What did not change since it was last seen comes from an index. A branch or tag of the Hub is looked
    up anew. Raises CheckpointError for a place that does not exist or cannot be listed.
    """
    given = [os.fspath(place) for place in places]
    found: dict[str, Checkpoint] = {}
    with index or Index(hub and hub.index) as kept, PickleReader() as reader:
        local = [place for place in given if not is_hub(place)]
        for record in found_here(local, reader, kept):
            found.setdefault(record.source, record)
        for place in given:
            if is_hub(place):
                for record in found_on_hub(hub or default_hub(), place, reader, kept, fresh=True):
                    found.setdefault(record.source, record)
    return sorted(
        (record if pickles else _without_pickles(record) for record in found.values()),
        key=lambda each: (each.modified or "", each.step or 0, each.source),
        reverse=True,
    )


def _without_pickles(record: Checkpoint) -> Checkpoint:
    if not record.source.endswith(PICKLES):
        return record
    warning = "A pickle: only safetensors are loaded here."
    return replace(record, kind=None, warnings=(*record.warnings, warning))
