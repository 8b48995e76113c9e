"""Finding entries: search, filters, pages."""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr
from gradio.events import Dependency

from application import App
from events import QUIET
from history.cards import entry_list, range_text
from history.layout import KINDS, MAX_SEARCH, RATINGS, HistoryTab, Updates
from history.values import HistoryError
from people import Visit

PAGE_SIZE = 30


def find_entries(
    app: App,
    tab: gr.Tab,
    shown: HistoryTab,
    visit: gr.State,
    picked: gr.State,
    page: gr.State,
    greeted: Dependency,
) -> None:
    def turned(by: int) -> Callable[..., Updates]:
        def turn(
            visit: Visit, page: int, picked: tuple[int, ...], entry: Any, *view: Any
        ) -> Updates:
            number = page + by if by else 0
            return {page_: number} | listed(app, shown, visit, number, picked, entry, view)

        return turn

    page_ = page
    given = [visit, page, picked, shown.entry, *shown.view]
    changed = [page, *list_parts(shown)]
    gr.on(
        [tab.select, *(each.change for each in (shown.kind, shown.tag, shown.least))],
        turned(0),
        given,
        changed,
        **QUIET,
    )
    # Whoever opened the tab before that saw the list of nobody.
    greeted.then(turned(0), given, changed, **QUIET)
    shown.search.change(turned(0), given, changed, trigger_mode="always_last", **QUIET)
    shown.earlier.click(turned(-1), given, changed, **QUIET)
    shown.later.click(turned(1), given, changed, **QUIET)


def list_parts(shown: HistoryTab) -> list[Any]:
    return [shown.tag, shown.entries, shown.range, shown.earlier, shown.later]


def listed(
    app: App,
    shown: HistoryTab,
    visit: Visit,
    page: int,
    picked: tuple[int, ...],
    entry: Any,
    view: tuple[Any, ...],
) -> Updates:
    """Updates of the list and of what stands beside it."""
    wanted = found(*view)
    try:
        count = app.history.count(visit.person, **wanted)
        entries = app.history.entries(visit.person, **wanted, page=page, page_size=PAGE_SIZE)
        tags = app.history.tags(visit.person)
    except HistoryError as refused:
        return {shown.entries: f'<p class="problem" role="alert">{escape(str(refused))}</p>'}
    return {
        shown.tag: gr.update(choices=tags),
        shown.entries: entry_list(entries, picked, int(entry or 0)),
        shown.range: range_text(count, page, PAGE_SIZE),
        shown.earlier: gr.update(visible=page > 0),
        shown.later: gr.update(visible=(page + 1) * PAGE_SIZE < count),
    }


def found(search: str, kind: str, tags: list[str], least: str) -> dict[str, Any]:
    """What the fields above the list ask for."""
    return {
        "search": search[:MAX_SEARCH],
        "kinds": KINDS.get(kind, ()),
        "tags": tuple(tags),
        "least_rating": RATINGS.get(least, 0),
    }
