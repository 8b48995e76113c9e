"""What one person may name: the app's choices and their own, by names that say nothing of a disk."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from menu import Choice
from titles import base_name, without_folder
from vlmscope import InputError, Result, Run, Variant
from vlmscope.checkpoints.places import is_hub
from vlmscope.values.errors import shown


@dataclass(frozen=True)
class Offer:
    """The choices of one person; where strangers ask, the only checkpoints that they may name.

    An offered checkpoint has a short name beside its place, the same on every machine that has it:
    links, stored comparisons and other people know it by that.
    """

    choices: tuple[Choice, ...]
    is_private: bool

    @cached_property
    def places(self) -> dict[str, str]:
        """The place of every offered checkpoint by its name."""
        sources = {source: None for each in self.choices for source in each.variant.sources}
        return {name: place for place, name in _names(list(sources)).items()}

    def resolved(self, variant: Variant) -> Variant:
        """The variant with the places of what it names; InputError for what it may not name."""
        return _renamed(variant, self._place)

    def found(self, variant: Variant) -> Variant:
        """The variant with the places of what it names; as it is, where it names what is not offered."""
        try:
            return self.resolved(variant)
        except InputError:
            return variant

    def veiled(self, variant: Variant) -> Variant:
        """The variant with names for the places that are offered."""
        names = {place: name for name, place in self.places.items()}
        return _renamed(variant, lambda source: names.get(source, source))

    def veiled_run(self, run: Run) -> Run:
        """The run as it is kept and handed out: offered checkpoints by name.

        Where strangers ask, nothing else in it says where files lie either: not an error, a warning
        nor the base.
        """
        results = tuple(
            replace(result, variant=self.veiled(result.variant))
            for result in (run.results if self.is_private else map(_told_anyone, run.results))
        )
        if self.is_private:
            return replace(run, results=results)
        base = {**run.base, "name": base_name(str(run.base.get("name") or ""))}
        stamp = {**run.stamp, "base": base_name(str(run.stamp.get("base") or ""))}
        return replace(run, base=base, stamp=stamp, results=results)

    def choice(self, variant: Variant) -> Choice | None:
        """The choice that a variant is, whatever its options; None for one that is none."""
        return next((each for each in self.choices if _is_of(variant, each.variant)), None)

    def _place(self, source: str) -> str:
        if self.is_private and not is_hub(source) and Path(source).exists():
            return source
        place = self.places.get(source, source)
        if self.is_private or place in self.places.values():
            return place
        raise InputError(
            f"{shown(source)} is no checkpoint this server offers; tick one of the list, "
            "or run the app yourself to open others."
        )


def _is_of(variant: Variant, offered: Variant) -> bool:
    same = (variant.kind, variant.source) == (offered.kind, offered.source)
    # An adapter that a choice has beside its kind is what it is; one that it has not is an option.
    return same and set(offered.adapters) <= set(variant.adapters)


def _told_anyone(result: Result) -> Result:
    """The result with names for the places in its sentences."""
    return replace(
        result,
        error=result.error and without_folder(result.error, result.variant),
        warnings=tuple(without_folder(each, result.variant) for each in result.warnings),
    )


def _renamed(variant: Variant, name: Callable[[str], str]) -> Variant:
    # Id and title stay: they are how a comparison's cells are known.
    return replace(
        variant,
        source=None if variant.source is None else name(variant.source),
        adapters=tuple(map(name, variant.adapters)),
    )


def _names(sources: Sequence[str]) -> dict[str, str]:
    """A name for each place: its last part, and as many before it as tell it from the others.

    A repository's address on the Hub is its own name.
    """
    parts = {source: Path(source).parts for source in sources if not is_hub(source)}
    names = {source: source for source in sources if is_hub(source)}
    depth = 1
    while parts:
        short = {source: "/".join(every[-depth:]) for source, every in parts.items()}
        count = Counter(short.values())
        for source, name in short.items():
            if count[name] == 1 or depth >= len(parts[source]):
                names[source] = name
                del parts[source]
        depth += 1
    return names
