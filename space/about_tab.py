"""The tab About: what runs here, what it holds, what is allowed, and what leaves the machine."""

from collections.abc import Iterable
from html import escape

import gradio as gr

from about import (
    Row,
    base_rows,
    keeping_rows,
    leaving_sentences,
    limit_rows,
    memory_rows,
    place_rows,
    tracking_rows,
    version_rows,
    where_rows,
)
from application import App
from events import QUIET
from memory_use import read_memory


def about_tab(app: App) -> None:
    """Build the tab; its memory, and how tracking goes, are read anew whenever it is opened."""
    with gr.Tab("About", id="about") as opened, gr.Column(elem_id="about"):
        _show("What leaves this machine", sentences=leaving_sentences(app))
        with gr.Row(elem_id="about-facts", equal_height=False):
            with gr.Column(min_width=280):
                _show("Where", where_rows(app.settings))
                _show("Base", base_rows(app))
                with gr.Column(elem_id="about-memory"):
                    memory = gr.HTML(_memory(app), padding=False)
                    again = gr.Button("Read again", size="sm")
                _show("Versions", version_rows())
            with gr.Column(min_width=280):
                _show("Limits", limit_rows(app.settings))
            with gr.Column(min_width=280):
                _show("Checkpoints", place_rows(app))
                _show("What is kept", keeping_rows(app.settings))
                tracked = gr.HTML(_tracked(app), padding=False)

    def read() -> tuple[str, str]:
        return _memory(app), _tracked(app)

    gr.on([opened.select, again.click], read, None, [memory, tracked], **QUIET)


def _memory(app: App) -> str:
    use = read_memory(app.base.device)
    rows = memory_rows(use, app.base.memory.limits.ceiling)
    return _section("Memory", rows, [f"Read at {use.read_at:%H:%M:%S on %Y-%m-%d} UTC."])


def _tracked(app: App) -> str:
    return _section("Tracking", tracking_rows(app))


def _show(title: str, rows: Iterable[Row] = (), sentences: Iterable[str] = ()) -> None:
    gr.HTML(_section(title, rows, sentences), padding=False)


def _section(title: str, rows: Iterable[Row] = (), sentences: Iterable[str] = ()) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape(row.name)}</th><td>{escape(row.text)}'
        + (f'<span class="note">{escape(row.note)}</span>' if row.note else "")
        + "</td></tr>"
        for row in rows
    )
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    table = f"<table><tbody>{body}</tbody></table>" if body else ""
    return f'<section class="about"><h2>{escape(title)}</h2>{table}{said}</section>'
