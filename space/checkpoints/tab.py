"""The tab of checkpoints: looked for and listed, one picked, noted upon, added to the comparison."""

import gradio as gr

from application import App
from checkpoints.adding import add_to_the_comparison
from checkpoints.layout import Kept, layout
from checkpoints.looking import Beside, look_for
from checkpoints.picking import pick_one
from compare_tab import CompareTab
from shelf import Found


def checkpoints_tab(app: App, compare: CompareTab, visit: gr.State) -> None:
    """Build the tab; what is added here is ticked in the comparison."""
    with gr.Tab("Checkpoints", id="checkpoints") as opened:
        shown = layout(app.shelf.is_private)
        kept = Kept(gr.State(Found()), gr.State(Beside()), gr.State(""))
        add_to_the_comparison(app, compare, shown, kept, visit)
    look_for(app, opened, shown, kept, visit)
    pick_one(app, shown, kept, visit)
