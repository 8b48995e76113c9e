"""What stands on the History tab."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from history.exporting import FORMATS
from history.writing import MAX_NOTES

KINDS = {"All": (), "Comparisons": ("comparison",), "Batches": ("batch",)}
RATINGS = {"any": 0, **{f"{least} or more": least for least in range(1, 5)}, "5": 5}
NO_RATING = -1
MAX_SEARCH = 200
Updates = dict[Any, Any]
LIST_JS = Path(__file__).with_name("list.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class HistoryTab:
    """The list at the left, one entry at the right."""

    search: gr.Textbox
    kind: gr.Dropdown
    tag: gr.Dropdown
    least: gr.Dropdown
    entries: gr.HTML
    range: gr.HTML
    earlier: gr.Button
    later: gr.Button
    said: gr.HTML
    side: gr.Button
    delete: gr.Button
    format: gr.Dropdown
    export: gr.Button
    upload: gr.UploadButton
    file: gr.DownloadButton
    confirm: gr.Column
    question: gr.HTML
    sure: gr.Button
    keep: gr.Button
    entry: gr.Number
    details: gr.HTML
    own: gr.Column
    open: gr.Button
    again: gr.Button
    stop: gr.Button
    rating: gr.Radio
    votes: gr.CheckboxGroup
    tags: gr.Textbox
    notes: gr.Textbox
    saved: gr.HTML

    @property
    def view(self) -> list[gr.Textbox | gr.Dropdown]:
        return [self.search, self.kind, self.tag, self.least]


def layout() -> HistoryTab:
    """Build it within the tab."""
    with gr.Row(elem_id="history-panes", equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_id="history-list"):
            with gr.Row(elem_id="history-view", equal_height=True):
                search = gr.Textbox(
                    "",  # one in a tab that was not opened has no value of its own
                    label="With the words",
                    placeholder="in questions, answers, titles, notes, tags",
                    scale=4,
                    min_width=180,
                    max_length=MAX_SEARCH,
                    elem_id="history-search",
                )
                kind = gr.Dropdown(list(KINDS), value="All", label="Kind", scale=2, min_width=110)
                tag = gr.Dropdown(
                    [], value=[], multiselect=True, label="Tags", scale=2, min_width=110
                )
                least = gr.Dropdown(
                    list(RATINGS), value="any", label="Rating", scale=2, min_width=100
                )
            entries = gr.HTML(js_on_load=LIST_JS, elem_id="history-entries")
            with gr.Row(elem_id="history-pages", equal_height=True):
                shown = gr.HTML(elem_id="history-range")
                earlier = gr.Button("Newer", size="sm", min_width=70, scale=0, visible=False)
                later = gr.Button("Older", size="sm", min_width=70, scale=0, visible=False)
            with gr.Row(elem_id="history-picked", equal_height=True):
                side = gr.Button("Set two side by side", size="sm", min_width=140)
                delete = gr.Button("Delete…", size="sm", min_width=80)
                format_ = gr.Dropdown(
                    list(FORMATS),
                    value=FORMATS[0],
                    label="Format",
                    show_label=False,
                    container=False,
                    min_width=90,
                    elem_id="history-format",
                )
                export = gr.Button("Export", size="sm", min_width=80)
                upload = gr.UploadButton("Import…", size="sm", min_width=80)
                file = gr.DownloadButton(visible=False, size="sm", elem_id="history-file")
            said = gr.HTML(visible=False, elem_id="history-said")
            with gr.Column(visible=False, elem_id="history-confirm") as confirm:
                question = gr.HTML()
                with gr.Row():
                    sure = gr.Button("Delete for good", size="sm", variant="stop", min_width=110)
                    keep = gr.Button("Keep", size="sm", min_width=70)
        with gr.Column(scale=2, min_width=320, elem_id="history-entry"):
            entry = gr.Number(visible="hidden", precision=0)
            details = gr.HTML(
                '<p class="quiet">Pick an entry to see it.</p>',
                js_on_load=LIST_JS,
                elem_id="history-details",
            )
            with gr.Column(visible=False, elem_id="history-own") as own:
                with gr.Row():
                    opened = gr.Button("Open in the grid", variant="primary", min_width=120)
                    again = gr.Button("Run again", min_width=100)
                    stop = gr.Button("Stop", min_width=60, visible=False)
                rating = gr.Radio(
                    [("none", NO_RATING), *((str(n), n) for n in range(6))],
                    label="Rating",
                    elem_id="history-rating",
                )
                votes = gr.CheckboxGroup([], label="The best", elem_id="history-votes")
                tags = gr.Textbox(label="Tags, commas between", elem_id="history-tags")
                notes = gr.Textbox(
                    label="Notes", lines=3, max_length=MAX_NOTES, elem_id="history-notes"
                )
                saved = gr.HTML(visible=False, elem_id="history-saved")
    return HistoryTab(
        *(search, kind, tag, least, entries, shown, earlier, later, said, side),
        *(delete, format_, export, upload, file, confirm, question, sure, keep),
        *(entry, details, own, opened, again, stop, rating, votes, tags, notes, saved),
    )


def told(text: str) -> Any:
    """An update that says what was done."""
    return gr.update(value=f'<p class="quiet" role="status">{escape(text)}</p>', visible=bool(text))
