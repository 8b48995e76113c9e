"""Show a finished comparison where comparisons are made: its form, its grid and its figures."""

from typing import Any

import gradio as gr
from gradio.blocks import Block

from application import App
from asked import asked_by
from compare_tab import CompareTab
from convert import Context, from_run
from figures import table
from menu import Choice, notes
from offer import Offer
from vlmscope import InputError, Run, Variant


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
    expected: str | None = None,
    note: str = "",
) -> dict[Block, Any]:
    """Updates that fill the form with a run's question, fill the grid with its answers and go there.

    A checkpoint that is not here any more stands among the lines, as it was named. `note` says
    what kind of a comparison it is, such as a stored one.
    """
    offer = Offer((*app.choices, *added), app.settings.is_private)
    form, shown = compare.form, compare.shown
    asked = asked_by([_found(offer, result.variant) for result in run.results], offer)
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
