"""Show a finished comparison where comparisons are made: its form, its grid and its figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.blocks import Block

from application import App
from compare_tab import CompareTab
from convert import Context, from_run
from figures import table
from menu import Choice, notes
from offer import Offer
from request import with_budget
from vlmscope import InputError, Run, Variant

STANDARD = 50.0
"""The budget, in %, where the variants name none in common."""


@dataclass(frozen=True)
class Filled:
    """How the form says some variants: what is ticked, with which own options, and the other lines."""

    ticked: list[str]
    own: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: str = ""
    percent: float = STANDARD


def filled(variants: Sequence[Variant], offer: Offer) -> Filled:
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
    return Filled(ticked, own, "\n".join(lines), percent)


def outputs(compare: CompareTab) -> list[Block]:
    """What `opened` changes."""
    form, shown = compare.form, compare.shown
    return [
        compare.tabs,
        *(form.image, form.question, form.variants, form.lines, form.budget),
        *(shown.grid, shown.table),
    ]


def opened(
    app: App,
    compare: CompareTab,
    run: Run,
    added: tuple[Choice, ...],
    expected: str | Sequence[str] | None = None,
    note: str = "",
) -> dict[Block, Any]:
    """Updates that fill the form with a run's question, fill the grid with its answers and go there.

    A checkpoint that is not here any more stands among the lines, as it was named. `note` says
    what kind of a comparison it is, such as a stored one.
    """
    offer = Offer((*app.choices, *added), app.settings.is_private)
    form, shown = compare.form, compare.shown
    asked = filled([_found(offer, result.variant) for result in run.results], offer)
    value = from_run(run, Context(expected, notes(offer.choices)))
    if note:
        value = value.model_copy(update={"stamp": {"shown": note, **value.stamp}})
    return {
        compare.tabs: gr.update(selected="compare"),
        form.image: run.image.pixels,
        form.question: run.query,
        form.variants: asked.ticked,
        form.lines: asked.lines,
        form.budget: asked.percent,
        shown.grid: value,
        shown.table: table(value),
    }


def _found(offer: Offer, variant: Variant) -> Variant:
    try:
        return offer.resolved(variant)
    except InputError:
        return variant


def _percent(variant: Variant) -> float | None:
    """The budget of a variant in percent, if it is written as a percentage that the slider has."""
    text = variant.options.get("keep", "")
    if not text.endswith("%"):
        return None
    percent = float(text.rstrip("% "))
    return percent if 5 <= percent <= 100 and percent % 5 == 0 else None
