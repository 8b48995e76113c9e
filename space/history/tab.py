"""The History tab: find what was compared, say what one thinks of it, look at it again, run it again."""

import gradio as gr
from gradio.events import Dependency

from application import App
from compare_tab import CompareTab
from history.finding import find_entries
from history.layout import HistoryTab, layout
from history.looking import annotate_entry, look_at_entry
from history.picking import pick_entries
from history.rerunning import run_again
from history.transfer import transfer


def history_tab(app: App, compare: CompareTab, visit: gr.State, greeted: Dependency) -> HistoryTab:
    """Build the tab; what is picked and which page is shown is one visit's own.

    A person's entries are listed once they are `greeted`, and whenever the tab is opened.
    """
    with gr.Tab("History", id="history") as tab:
        shown = layout()
        picked, page = gr.State(()), gr.State(0)
    find_entries(app, tab, shown, visit, picked, page, greeted)
    look_at_entry(app, compare, shown, visit)
    annotate_entry(app, shown, visit, picked, page)
    pick_entries(app, compare, shown, visit, picked, page)
    run_again(app, compare, shown, visit)
    transfer(app, compare, shown, visit, picked, page)
    return shown
