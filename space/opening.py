"""Show a finished comparison where comparisons are made: its form, its grid and its figures."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr
from gradio.blocks import Block, BlockContext
from gradio.components import Component

from application import App
from asked import Asked, asked_by
from compare_tab import CompareTab
from convert import Context, from_run
from examples import example_of, one_for_each_image
from layout import in_the_grid
from layout import note as said_of
from menu import Choice, notes
from offer import Offer
from states import Last
from vlmscope import Run


def outputs(compare: CompareTab) -> list[Component | BlockContext]:
    """What `opened` changes."""
    form, shown = compare.form, compare.shown
    return [
        compare.tabs,
        *(form.image, form.question, *compare.filled(Asked([]))),
        *(shown.note, shown.grid, shown.table, compare.mine.last),
    ]


def opened(
    app: App,
    compare: CompareTab,
    run: Run,
    added: tuple[Choice, ...],
    expected: str | Sequence[str] | None = None,
    note: str = "",
    entry: int | None = None,
) -> dict[Block, Any]:
    """Updates that fill the form with a run's question, fill the grid with its answers and go there.

    A checkpoint that is not here any more stands among the lines, as it was named. `note` says
    what kind of a comparison it is, such as a stored one; `entry` is its number in the history.
    """
    offer = Offer((*app.choices, *added), app.settings.is_private)
    form, shown = compare.form, compare.shown
    results = [replace(each, variant=offer.found(each.variant)) for each in run.results]
    run = replace(run, results=tuple(results))
    asked = asked_by([each.variant for each in results], offer)
    value = from_run(run, Context(expected, notes(offer.choices)))
    example = example_of(one_for_each_image(app.examples), run)
    return {
        compare.tabs: gr.update(selected="compare"),
        # A file of the very pixels: of pixels, Gradio would make one that looks alike.
        form.image: str(example.image) if example else value.image and value.image.path,
        form.question: run.query,
        **compare.filled(asked),
        shown.note: said_of(note),
        **in_the_grid(shown, value),
        compare.mine.last: app.lasts.keep(Last(run, expected, entry)),
    }
