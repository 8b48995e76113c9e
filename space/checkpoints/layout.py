"""What stands on the tab of checkpoints."""

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from vlmscope.checkpoints.table import ORDERS

ALL = "all kinds"
KEEPS = {"keep": True, "archive": False, "undecided": None}
MAX_PLACE = 500


@dataclass(frozen=True)
class CheckpointsTab:
    """The list at the left, with what looks for more; one's card and notes at the right."""

    place: gr.Textbox
    look: gr.Button
    place_problem: gr.HTML
    words: gr.Textbox
    kind: gr.Dropdown
    by: gr.Dropdown
    again: gr.Button
    table: gr.Dataframe
    metric: gr.Dropdown
    plot: gr.Plot
    best: gr.HTML
    card: gr.HTML
    add: gr.Button
    added: gr.HTML
    stop: gr.Button
    keep: gr.Radio
    notes: gr.Textbox
    hypothesis: gr.Textbox
    result: gr.Textbox
    save: gr.Button
    saved: gr.HTML

    @property
    def view(self) -> list[Any]:
        """What decides which checkpoints are listed, and how."""
        return [self.words, self.kind, self.by, self.metric]

    @property
    def listed(self) -> list[Any]:
        """What changes with the list, in the order of `listing.listed`."""
        return [self.table, self.kind, self.by, self.metric, self.plot, self.best]

    @property
    def carded(self) -> list[Any]:
        """What changes when another checkpoint is picked."""
        return [self.card, self.add, self.added, *self.written, self.save, self.saved]

    @property
    def written(self) -> list[Any]:
        return [self.keep, self.notes, self.hypothesis, self.result]


@dataclass(frozen=True)
class Kept:
    """`gr.State`s of one page: what was found, the places `Beside` the app's own that are looked into, and
    the source of the checkpoint that is picked."""

    found: gr.State
    beside: gr.State
    chosen: gr.State


def layout(is_private: bool) -> CheckpointsTab:
    """Build it within the tab; strangers look into the Hub alone."""
    with gr.Row(elem_id="shelf", equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_id="shelf-list"):
            with gr.Row(equal_height=True, elem_id="shelf-place"):
                place = gr.Textbox(
                    label="Look elsewhere too",
                    placeholder="a folder, a file or hf://owner/name"
                    if is_private
                    else "hf://owner/name",
                    scale=5,
                    max_length=MAX_PLACE,
                    elem_id="place",
                )
                look = gr.Button("Look", size="sm", min_width=70, scale=1, elem_id="look")
            place_problem = gr.HTML(visible=False)
            with gr.Row(equal_height=True, elem_id="shelf-view"):
                words = gr.Textbox(label="With the words", scale=3, min_width=140, elem_id="words")
                kind = gr.Dropdown(
                    [ALL], value=ALL, label="Kind", scale=2, min_width=120, elem_id="kind"
                )
                by = gr.Dropdown(
                    list(ORDERS),
                    value="modified",
                    label="Sorted by",
                    scale=2,
                    min_width=120,
                    elem_id="by",
                )
                again = gr.Button("Look again", size="sm", min_width=96, scale=1, elem_id="again")
            table = gr.Dataframe(
                value=pd.DataFrame({"#": []}),
                interactive=False,
                show_label=False,
                wrap=False,
                max_height=420,
                elem_id="checkpoints",
                buttons=[],
            )
            with gr.Row(equal_height=True):
                metric = gr.Dropdown(
                    [], label="Metric over steps", scale=2, min_width=140, elem_id="metric"
                )
                best_of = gr.HTML(elem_id="best")
            plot = gr.Plot(visible=False, show_label=False, elem_id="over-steps", buttons=[])
        with gr.Column(scale=2, min_width=320, elem_id="shelf-card"):
            the_card = gr.HTML(
                '<p class="quiet">Pick a checkpoint to see its card.</p>', elem_id="card"
            )
            add = gr.Button(
                "Add to the comparison", variant="primary", visible=False, elem_id="add"
            )
            added = gr.HTML(visible=False)
            stop = gr.Button("Stop the download", size="sm", visible=False, elem_id="stop-download")
            keep = gr.Radio(
                list(KEEPS), value="undecided", label="Keep", visible=False, elem_id="keep"
            )
            notes, hypothesis, result = (
                gr.Textbox(label=name.capitalize(), lines=2, visible=False, elem_id=f"note-{name}")
                for name in ("notes", "hypothesis", "result")
            )
            save = gr.Button("Save notes", size="sm", visible=False, elem_id="save")
            saved = gr.HTML(visible=False)
    return CheckpointsTab(
        *(place, look, place_problem, words, kind, by, again, table, metric, plot, best_of),
        *(the_card, add, added, stop, keep, notes, hypothesis, result, save, saved),
    )


def said(sentence: str) -> Any:
    """An update that says how it goes with a checkpoint, or takes that away."""
    return gr.update(
        value=f'<p class="said" role="status">{escape(sentence)}</p>', visible=bool(sentence)
    )
