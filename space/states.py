"""What one person's open page keeps on the server; it is bounded, and ends with the visit."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from vlmscope import Run


@dataclass(frozen=True)
class Last:
    """The comparison that stands in the grid: `entry` is its number in the history, if it is kept."""

    run: Run
    expected: str | Sequence[str] | None = None
    entry: int | None = None


@dataclass(frozen=True)
class Handle:
    """What a page's state has of its last comparison: `App.lasts` holds it, for as long as it can."""

    number: int


@dataclass(frozen=True)
class States:
    """`gr.State`s: `visit` a `Visit`, `added` the choices that a person added to the app's, `fresh` a
    number that changes when `own` was set as a whole, `last` a `Handle` or None.

    `own`, the options of single ticked variants, lies in the browser: what is written there counts at
    once, also for whoever presses Compare right after.
    """

    visit: gr.State
    added: gr.State
    own: gr.JSON
    fresh: gr.State
    last: gr.State


def states(visit: gr.State) -> States:
    """Made inside a tab: directly between tabs, Gradio would make the tabs twice."""
    return States(visit, gr.State(()), gr.JSON({}, visible=False), gr.State(0), gr.State(None))
