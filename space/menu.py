"""The variants the app offers: the baseline, the checkpoints that were found, the controls."""

from collections.abc import Iterable
from dataclasses import dataclass

from vlmscope import Checkpoint, Variant

TICKED_AT_FIRST = 4
BASELINE, CONTROLS = "baseline", ("random", "uniform")


@dataclass(frozen=True)
class Choice:
    """One line of the list of variants; `note` is what sets it apart, such as its step."""

    variant: Variant
    note: str = ""

    @property
    def label(self) -> str:
        return f"{self.variant.title} · {self.note}" if self.note else self.variant.title


def menu(checkpoints: Iterable[Checkpoint]) -> tuple[Choice, ...]:
    """Every variant to offer, the checkpoints that are ARR-COC heads in order of their step."""
    heads = sorted(
        (found for found in checkpoints if found.kind == "arr-coc"),
        key=lambda found: (found.step is None, found.step or 0, found.name),
    )
    return (
        Choice(Variant(BASELINE), "all tokens"),
        *(Choice(_variant(head), _progress(head)) for head in heads),
        Choice(Variant("random", title="Random"), "seed 0"),
        Choice(Variant("uniform", title="Uniform"), "a regular lattice"),
    )


def ticked_at_first(choices: Iterable[Choice]) -> list[str]:
    """The ids ticked when the page opens: the baseline, the first checkpoints, one control."""
    ids = [choice.variant.id for choice in choices]
    heads = [i for i in ids if i not in (BASELINE, *CONTROLS)]
    controls = CONTROLS if len(heads) < TICKED_AT_FIRST - 2 else CONTROLS[:1]
    return [BASELINE, *heads[: TICKED_AT_FIRST - 1 - len(controls)], *controls]


def notes(choices: Iterable[Choice]) -> dict[str, str]:
    """What to say about each checkpoint's source."""
    return {c.variant.source: c.note for c in choices if c.variant.source and c.note}


def _variant(head: Checkpoint) -> Variant:
    title = f"ARR-COC {head.name.replace('_', ' ')}"
    return Variant("arr-coc", head.source, id=f"arr-coc-{head.name}", title=title)


def _progress(head: Checkpoint) -> str:
    if head.step is not None:
        return f"step {head.step}"
    return "" if head.epoch is None else f"epoch {head.epoch:g}"
