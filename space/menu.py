"""The variants the app offers: the baseline, the checkpoints that were found, the controls."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vlmscope import Checkpoint, Variant
from vlmscope.values.variant import with_unique_ids

TICKED_AT_FIRST = 4
KINDS = {"arr-coc": "ARR-COC", "lora": "LoRA"}
BASELINE, CONTROLS = "baseline", ("random", "uniform")


@dataclass(frozen=True)
class Choice:
    """One line of the list of variants; `note` is what sets it apart, such as its step."""

    variant: Variant
    note: str = ""

    @property
    def label(self) -> str:
        return f"{self.variant.title} · {self.note}" if self.note else self.variant.title


def fitting(
    checkpoints: Iterable[Checkpoint], fits: Callable[[Checkpoint], bool]
) -> tuple[list[Checkpoint], str]:
    """The ARR-COC heads and LoRA adapters for this base, and a sentence about those for another."""
    known = [found for found in checkpoints if found.kind in KINDS]
    fit = [found for found in known if fits(found)]
    others = sorted(found.name for found in known if found not in fit)
    if not others:
        return fit, ""
    named = ", ".join(others[:5]) + (" and others" if len(others) > 5 else "")
    return fit, (
        f"{len(others)} of the {len(known)} checkpoints found are for another base and not "
        f"offered: {named}."
    )


def menu(checkpoints: Iterable[Checkpoint]) -> tuple[Choice, ...]:
    """Every variant to offer, checkpoints of each kind in order of their step; each has its own id."""
    ordered = sorted(
        checkpoints,
        key=lambda found: (found.kind or "", found.step is None, found.step or 0, found.name),
    )
    choices = (
        Choice(Variant(BASELINE), "all tokens"),
        *(
            Choice(_variant(head, name), _progress(head))
            for head, name in zip(ordered, _told_apart(ordered), strict=True)
        ),
        Choice(Variant("random", title="Random"), "seed 0"),
        Choice(Variant("uniform", title="Uniform"), "a regular lattice"),
        Choice(Variant("downsample", title="Smaller image"), "a control"),
        Choice(Variant("saliency", title="Edges"), "a control"),
        Choice(Variant("center", title="Center"), "a control"),
        Choice(Variant("pool", title="Pooled"), "neighbours averaged"),
        Choice(Variant("divprune", title="DivPrune"), "the most unlike"),
    )
    unique = with_unique_ids([choice.variant for choice in choices])
    return tuple(
        replace(choice, variant=variant) for choice, variant in zip(choices, unique, strict=True)
    )


def choice_of(found: Checkpoint, taken: Collection[str]) -> Choice:
    """The choice of one more checkpoint, with an id that none has yet."""
    variant = _variant(found, found.name.replace("_", " "))
    number, own = 2, variant.id
    while own in taken:
        own, number = f"{variant.id}-{number}", number + 1
    return Choice(replace(variant, id=own), _progress(found))


def ticked_at_first(choices: Iterable[Choice]) -> list[str]:
    """The ids ticked when the page opens: the baseline, the latest ARR-COC heads, one control."""
    heads = [choice.variant.id for choice in choices if choice.variant.kind == "arr-coc"]
    controls = CONTROLS if len(heads) < TICKED_AT_FIRST - 2 else CONTROLS[:1]
    latest = heads[max(0, len(heads) - TICKED_AT_FIRST + 1 + len(controls)) :]
    return [BASELINE, *latest, *controls]


def notes(choices: Iterable[Choice]) -> dict[str, str]:
    """What to say about each checkpoint's source."""
    return {c.variant.source: c.note for c in choices if c.variant.source and c.note}


def _variant(found: Checkpoint, name: str) -> Variant:
    kind = found.kind or "arr-coc"
    title = f"{KINDS[kind]} {name}"
    return Variant(kind, found.source, id=f"{kind}-{found.name}", title=title)


def _told_apart(heads: Sequence[Checkpoint]) -> list[str]:
    """A name for each head; where several have one, with as many of their folders as it takes."""
    names = [head.name.replace("_", " ") for head in heads]
    folders = [Path(head.source).parts[:-1] for head in heads]
    for depth in range(1, max(map(len, folders), default=0) + 1):
        count = Counter(names)
        if max(count.values()) == 1:
            break
        names = [
            f"{head.name.replace('_', ' ')} ({'/'.join(parts[-depth:])})"
            if count[name] > 1
            else name
            for head, parts, name in zip(heads, folders, names, strict=True)
        ]
    return names


def _progress(head: Checkpoint) -> str:
    """How far its training was, unless its name says so."""
    if head.step is not None:
        if re.search(rf"step[-_]?0*{head.step}(?!\d)", head.name):
            return ""
        return f"step {head.step}"
    return "" if head.epoch is None else f"epoch {head.epoch:g}"
