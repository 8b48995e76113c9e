"""Sets of variants that people compare again and again, from what is offered."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from asked import Asked
from menu import BASELINE, KINDS, Choice
from vlmscope import Variant
from vlmscope.variants.arr_coc_head import NAMES

CHECKPOINTS = "Checkpoints"
CONTROLS = "Controls at equal budget"
ABLATIONS = "Ablations"
PRESETS = (CHECKPOINTS, CONTROLS, ABLATIONS)


def preset(
    name: str, choices: Sequence[Choice], ticked: Collection[str], most: int, percent: float
) -> tuple[Asked | None, str]:
    """What a preset asks for at a budget of `percent`, and a sentence about it, or why there is none.

    *Checkpoints*: the baseline and the `most` - 1 latest checkpoints. *Controls*: the checkpoints that
    are ticked, else the latest head, with every control that takes a budget. *Ablations*: one head
    (the last that is ticked, else the latest) whole, without each of its scores, with equal weights
    and by its participatory score alone.
    """
    offered = {choice.variant.id: choice for choice in choices}
    trained = [each for each in choices if each.variant.kind in KINDS]
    heads = [each for each in trained if each.variant.kind == "arr-coc"]
    if name == CHECKPOINTS:
        return _checkpoints(trained, most, percent)
    chosen = [each for each in heads if each.variant.id in ticked] or heads[-1:]
    if name == CONTROLS:
        controls = [id for id, each in offered.items() if _is_control(each.variant)]
        ids = [each.variant.id for each in chosen][: max(0, most - len(controls))]
        return Asked([*ids, *controls][:most], percent=percent), (
            "" if chosen else "There is no ARR-COC head here, so these are the controls alone."
        )
    if not chosen:
        return None, "There is no ARR-COC head to take apart; find one in the tab Checkpoints."
    head = chosen[-1].variant
    return Asked([head.id], lines="\n".join(map(str, _ablations(head))), percent=percent), ""


def _checkpoints(trained: Sequence[Choice], most: int, percent: float) -> tuple[Asked | None, str]:
    if not trained:
        return None, "There is no checkpoint yet; find some in the tab Checkpoints."
    latest = [each.variant.id for each in trained][-(most - 1) :]
    left_out = len(trained) - len(latest)
    said = f"{left_out} of the {len(trained)} checkpoints are left out: {most} variants at most."
    return Asked([BASELINE, *latest], percent=percent), said if left_out else ""


def _is_control(variant: Variant) -> bool:
    return variant.kind not in (BASELINE, *KINDS)


def _ablations(head: Variant) -> list[Variant]:
    """The head with a score less, or other weights; each a variant with its own name."""
    changed = [(f"without {name}", {"without": name}) for name in NAMES]
    changed += [
        ("equal weights", {"weights": "equal"}),
        (f"{NAMES[-1]} alone", {"weights": "0/0/1"}),
    ]
    return [
        replace(
            head,
            options={**head.options, **options},
            id=f"{head.id}-{label.replace(' ', '-')}",
            title=f"{head.title} {label}",
        )
        for label, options in changed
    ]
