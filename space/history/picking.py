"""Several entries: two set side by side, or all that are picked deleted."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from application import App
from compare_tab import CompareTab
from convert import Context
from events import QUEUED, QUIET
from history.beside import beside
from history.finding import list_parts, listed
from history.layout import HistoryTab, Updates
from history.values import HistoryError
from layout import in_the_grid, problem
from menu import Choice, notes
from opening import opened, outputs
from people import Visit
from vlmscope import VlmscopeError

MAX_PICKED = 500


def pick_entries(
    app: App,
    compare: CompareTab,
    shown: HistoryTab,
    visit: gr.State,
    picked: gr.State,
    page: gr.State,
) -> None:
    def pick(picked: tuple[int, ...], event: gr.EventData) -> tuple[int, ...]:
        there, now = _ids(event, "there"), _ids(event, "picked")
        return (*(id for id in picked if id not in there), *now)[:MAX_PICKED]

    def side_by_side(visit: Visit, picked: tuple[int, ...], added: tuple[Choice, ...]) -> Updates:
        if len(picked) != 2:
            return {
                shown.said: problem(
                    f"{len(picked)} entries are picked; tick the boxes of two comparisons."
                )
            }
        try:
            one, other = sorted(app.history.entries_of(visit.person, picked), key=lambda e: e.when)
            runs = [app.history.run(visit.person, entry.id) for entry in (one, other)]
            offered = Context(one.expected or other.expected, notes((*app.choices, *added)))
            value = beside((runs[0], one.when), (runs[1], other.when), offered)
        except VlmscopeError as refused:
            return {shown.said: problem(str(refused))}
        note = "Two comparisons of the history, side by side."
        return opened(app, compare, runs[0], added, offered.expected, note) | {
            compare.mine.last: None,  # what is there is no one comparison
            **in_the_grid(compare.shown, value),
            shown.said: problem(""),
        }

    def ask(picked: tuple[int, ...]) -> Updates:
        if not picked:
            return {shown.said: problem("Nothing is picked; tick the boxes of what is to go.")}
        what = "this entry" if len(picked) == 1 else f"these {len(picked)} entries"
        asked = f"<p>Delete {what} with answers, maps and images? There is no way back.</p>"
        return {
            shown.said: problem(""),
            shown.confirm: gr.update(visible=True),
            shown.question: asked,
        }

    def delete(
        visit: Visit, picked_: tuple[int, ...], entry: Any, page: int, *view: Any
    ) -> Updates:
        try:
            app.history.forget(visit.person, picked_)
        except HistoryError as refused:
            return {shown.said: problem(str(refused)), shown.confirm: gr.update(visible=False)}
        gone = {
            shown.entry: None,
            shown.details: '<p class="quiet">Pick an entry to see it.</p>',
            shown.own: gr.update(visible=False),
        }
        return (
            {picked: (), shown.said: problem(""), shown.confirm: gr.update(visible=False)}
            | (gone if entry in picked_ else {})
            | listed(app, shown, visit, page, (), entry, view)
        )

    shown.entries.input(pick, picked, picked, **QUIET)
    shown.side.click(
        side_by_side, [visit, picked, compare.added], [*outputs(compare), shown.said], **QUEUED
    )
    shown.delete.click(ask, picked, [shown.said, shown.confirm, shown.question], **QUIET)
    shown.keep.click(lambda: gr.update(visible=False), None, shown.confirm, **QUIET)
    shown.sure.click(
        delete,
        [visit, picked, shown.entry, page, *shown.view],
        [
            *(picked, shown.said, shown.confirm, shown.entry, shown.details, shown.own),
            *list_parts(shown),
        ],
        **QUIET,
    )


def _ids(event: gr.EventData, name: str) -> list[int]:
    told = event._data.get(name) if isinstance(event._data, Mapping) else None
    texts = told if isinstance(told, list) else []
    return [int(t) for t in texts if isinstance(t, str) and t.isdecimal() and len(t) < 19]
