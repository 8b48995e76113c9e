"""The checkpoints that the app knows of: in its own places, in the Hub's repositories, and where a person
looks beside them."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from settings import Settings
from vlmscope import Checkpoint, CheckpointError, SharedBase, check_checkpoint, discover
from vlmscope.checkpoints.check import Check, check_header
from vlmscope.checkpoints.header import Header
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.places import is_hub
from vlmscope.engine.shell import OFFLOADED

MOST_AT_ONCE = 8


@dataclass(frozen=True)
class Found:
    """What lies in some places, and one sentence for each place that could not be read."""

    records: tuple[Checkpoint, ...] = ()
    problems: tuple[str, ...] = ()

    def named(self, source: str) -> Checkpoint | None:
        """What was found at a place."""
        return next((record for record in self.records if record.source == source), None)


@dataclass(frozen=True)
class Shelf:
    """Where to look, and what may be read: shared by everyone, never changed.

    On a shared server people look into the Hub's repositories that are allowed, and never on its disk.
    """

    places: tuple[str, ...]
    hub: Hub
    is_private: bool
    hidden_size: int
    linear: Mapping[str, tuple[int, int]]
    """The base's linear modules, [out, in] by name: what an adapter can be on."""
    takes_adapters: bool = True

    @classmethod
    def of(cls, settings: Settings, folders: Sequence[str], hub: Hub, base: SharedBase) -> "Shelf":
        places = (*folders, *(f"hf://{name}" for name in settings.hub if "/" in name))
        return cls(
            places,
            hub,
            settings.is_private,
            base.hidden_size,
            base.plain.linear,
            not base.is_offloaded,
        )

    def look(self, others: Sequence[str] = (), hub: Hub | None = None) -> Found:
        """Everything in the app's own places and in these others, newest first; as `hub` may read it."""
        found: dict[str, Checkpoint] = {}
        problems: list[str] = []
        places = tuple(dict.fromkeys((*self.places, *others)))
        with ThreadPoolExecutor(
            MOST_AT_ONCE
        ) as pool:  # so that a Hub that is away is waited for once
            look_into = partial(self._look_into, hub or self.hub)
            for place, seen in zip(places, pool.map(look_into, places), strict=True):
                if isinstance(seen, CheckpointError):
                    problems.append(self._told(str(seen), place))
                else:
                    found |= {each.source: each for each in seen if each.source not in found}
        newest = sorted(found.values(), key=lambda each: each.modified or "", reverse=True)
        return Found(tuple(newest), tuple(problems))

    def _look_into(self, hub: Hub, place: str) -> list[Checkpoint] | CheckpointError:
        try:
            return discover(place, pickles=self.is_private, hub=hub)
        except CheckpointError as problem:
            return problem

    def _told(self, sentence: str, place: str) -> str:
        """A sentence about a place; strangers are not told where it lies."""
        if self.is_private or is_hub(place):
            return sentence
        return sentence.replace(place, Path(place).name)

    def refusal(self, place: str) -> str:
        """Why a person may not look into a place, in a sentence; empty when they may."""
        if not place.strip():
            return "There is no place yet; write a folder, a file or hf://owner/name."
        if not self.is_private and not is_hub(place):
            return (
                "This server looks only into repositories on the Hub, such as hf://owner/name; run the "
                "app yourself to open folders."
            )
        return ""

    def fits(self, record: Checkpoint) -> bool:
        return self.check(record, thoroughly=True).ok

    def check(self, record: Checkpoint, thoroughly: bool = False) -> Check:
        """Whether a checkpoint would load on this base: from what was peeked, or from the file itself."""
        if record.kind == "lora" and not self.takes_adapters:
            return Check(False, "lora", record.fits, OFFLOADED)
        if thoroughly and not is_hub(record.source):
            return check_checkpoint(record.source, self.hidden_size, self.linear)
        if record.tensors is None:
            return Check(False, reason=" ".join(record.warnings) or "It could not be read.")
        return check_header(record.name, Header(record.tensors, {}), self.hidden_size, self.linear)
