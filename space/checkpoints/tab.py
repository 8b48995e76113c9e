"""The tab of checkpoints: looked for and listed, one picked, noted upon, added to the comparison."""

from collections.abc import Sequence

import gradio as gr

from checkpoints.adding import add_to_the_comparison
from checkpoints.layout import Kept, layout
from checkpoints.looking import look_for
from checkpoints.picking import pick_one
from compare_tab import CompareTab
from menu import Choice
from shelf import Found, Shelf


def checkpoints_tab(shelf: Shelf, compare: CompareTab, choices: Sequence[Choice]) -> None:
    """Build the tab; what is added here is ticked in the comparison."""
    with gr.Tab("Checkpoints", id="checkpoints") as opened:
        shown = layout(shelf.is_private)
        kept = Kept(gr.State(Found()), gr.State(()), gr.State(""))
        add_to_the_comparison(shelf, compare, choices, shown, kept)
    look_for(shelf, opened, shown, kept)
    pick_one(shelf, shown, kept)
