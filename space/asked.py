"""How the form says some variants, so that it asks for exactly these."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from offer import Offer
from request import with_budget
from vlmscope import Variant

STANDARD = 50.0
"""The budget, in %, where the variants name none in common."""


@dataclass(frozen=True)
class Asked:
    """How the form says some variants: what is ticked, with which own options, and the other lines."""

    ticked: list[str]
    own: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: str = ""
    percent: float = STANDARD


def asked_by(variants: Sequence[Variant], offer: Offer) -> Asked:
    """The form that asks for these variants; what is no choice, or is one a second time, is a line."""
    budgets = Counter(percent for v in variants if (percent := _percent(v)) is not None)
    percent = budgets.most_common(1)[0][0] if budgets else STANDARD
    ticked: list[str] = []
    own: dict[str, dict[str, str]] = {}
    lines: list[str] = []
    for variant in variants:
        choice = offer.choice(variant)
        if choice is None or choice.variant.id in ticked:
            lines.append(str(offer.veiled(variant)))
            continue
        ticked.append(choice.variant.id)
        plain = with_budget(choice.variant, percent)
        differing = {
            name: value
            for name, value in variant.options.items()
            if plain.options.get(name) != value
        }
        if beside := [each for each in variant.adapters if each not in plain.adapters]:
            differing["lora"] = beside[0]
        if differing:
            own[choice.variant.id] = differing
    return Asked(ticked, own, "\n".join(lines), percent)


def _percent(variant: Variant) -> float | None:
    """The budget of a variant in percent, if it is written as a percentage that the slider has."""
    text = variant.options.get("keep", "")
    if not text.endswith("%"):
        return None
    percent = float(text.rstrip("% "))
    return percent if 5 <= percent <= 100 and percent % 5 == 0 else None
