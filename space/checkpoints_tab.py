"""The tab of checkpoints: a table, a metric over steps, one's card, its notes, and into the comparison."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import pandas as pd

from card import card, size_text, time_text
from compare_tab import CompareTab
from comparing import StopSignal
from fetching import fetching
from layout import problem
from menu import KINDS, Choice, choice_of
from shelf import Found, Shelf
from vlmscope import Checkpoint, VlmscopeError, annotate
from vlmscope.checkpoints.places import is_hub
from vlmscope.checkpoints.table import (
    ORDERS,
    best,
    filtered,
    lower_is_better,
    metric_names,
    ordered,
    over_steps,
    run_of,
)

ALL = "all kinds"
KEEPS = {"keep": True, "archive": False, "undecided": None}
MAX_PLACES = 8
MAX_PLACE = 500
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class Tab:
    """What stands on the tab, for what happens on it."""

    place: gr.Textbox
    look: gr.Button
    place_problem: gr.HTML
    words: gr.Textbox
    kind: gr.Dropdown
    by: gr.Dropdown
    again: gr.Button
    table: gr.Dataframe
    metric: gr.Dropdown
    plot: gr.LinePlot
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
    def written(self) -> list[Any]:
        return [self.keep, self.notes, self.hypothesis, self.result]


def checkpoints_tab(shelf: Shelf, compare: CompareTab, choices: Sequence[Choice]) -> None:
    """Build the tab; what is added here is ticked in the comparison."""
    form, chosen_by_hand = compare.form, compare.added
    with gr.Tab("Checkpoints", id="checkpoints") as opened:
        tab = _layout(shelf)
        found, places = gr.State(Found()), gr.State(())
        chosen, stop = gr.State(""), gr.State(StopSignal())
    view = [tab.words, tab.kind, tab.by, tab.metric]
    shown = [tab.table, tab.kind, tab.by, tab.metric, tab.plot, tab.best]

    def look(places: tuple[str, ...], *view: str) -> list[Any]:
        read = shelf.look(places)
        return [read, problem(" ".join(read.problems)), *_shown(shelf, read, *view)]

    def look_into(place: str, places: tuple[str, ...], *view: str) -> list[Any]:
        place = place.strip()[:MAX_PLACE]
        refused = shelf.refusal(place)
        if not refused and len(places) >= MAX_PLACES:
            refused = f"{MAX_PLACES} places are looked into already; reload the page to begin anew."
        if refused:
            return [gr.skip(), gr.skip(), problem(refused), *[gr.skip()] * len(shown)]
        there = places if place in places else (*places, place)
        read = shelf.look(there)
        return [read, there, problem(" ".join(read.problems)), *_shown(shelf, read, *view)]

    def show(found: Found, *view: str) -> list[Any]:
        return _shown(shelf, found, *view)

    def pick(found: Found, event: gr.SelectData) -> list[Any]:
        number = int(event.row_value[0])
        record = found.records[number - 1]
        return [record.source, *_card(shelf, record)]

    def add(
        source: str,
        found: Found,
        added: tuple[Choice, ...],
        ticked: list[str],
        stop: StopSignal,
    ) -> Iterator[dict[Any, Any]]:
        record = _named(found, source)
        if record is None or not stop.begin():
            yield {tab.added: _said("")}
            return
        try:
            yield {tab.stop: gr.update(visible=is_hub(source))}
            if is_hub(source):
                for have, whole in fetching(shelf.hub, source, shelf.is_private, stop.is_set):
                    yield {tab.added: _said(f"{size_text(have)} of {size_text(whole)} are here.")}
        except VlmscopeError as refused:
            yield {tab.added: problem(str(refused)), tab.stop: gr.update(visible=False)}
            return
        finally:
            stop.end()
        offered = (*choices, *added)
        choice = next((one for one in offered if one.variant.source == source), None)
        own = added
        if choice is None:
            choice = choice_of(record, {one.variant.id for one in offered})
            own = (*added, choice)
        labels = [(one.label, one.variant.id) for one in (*choices, *own)]
        value = ticked if choice.variant.id in ticked else [*ticked, choice.variant.id]
        yield {
            chosen_by_hand: own,
            form.variants: gr.update(choices=labels, value=value),
            tab.added: _said(f"{choice.variant.title} is ticked in the comparison."),
            tab.stop: gr.update(visible=False),
        }

    def save(
        source: str,
        found: Found,
        places: tuple[str, ...],
        keep: str,
        notes: str,
        hypothesis: str,
        result: str,
        *view: str,
    ) -> list[Any]:
        record = _named(found, source)
        if record is None or is_hub(source) or not shelf.is_private:
            return [gr.skip(), _said(""), *[gr.skip()] * len(shown)]
        texts = {"notes": notes, "hypothesis": hypothesis, "result": result}
        try:
            written = annotate(
                source, keep=KEEPS[keep], **{key: text or None for key, text in texts.items()}
            )
        except VlmscopeError as refused:
            return [gr.skip(), problem(str(refused)), *[gr.skip()] * len(shown)]
        read = shelf.look(places)
        return [read, _said(f"Written to {written.name}."), *_shown(shelf, read, *view)]

    gr.on(
        [opened.select, tab.again.click],
        look,
        [places, *view],
        [found, tab.place_problem, *shown],
        **QUIET,
    )
    gr.on(
        [tab.look.click, tab.place.submit],
        look_into,
        [tab.place, places, *view],
        [found, places, tab.place_problem, *shown],
        **QUIET,
    )
    gr.on([each.change for each in view], show, [found, *view], shown, **QUIET)
    tab.table.select(
        pick,
        found,
        [chosen, tab.card, tab.add, tab.added, *tab.written, tab.save, tab.saved],
        **QUIET,
    )
    tab.add.click(
        add,
        [chosen, found, chosen_by_hand, form.variants, stop],
        [chosen_by_hand, form.variants, tab.added, tab.stop],
        **QUIET,
    )
    tab.stop.click(lambda stop: stop.set(), stop, None, queue=False, api_visibility="private")
    tab.save.click(
        save, [chosen, found, places, *tab.written, *view], [found, tab.saved, *shown], **QUIET
    )


def _layout(shelf: Shelf) -> Tab:
    with gr.Row(elem_id="shelf", equal_height=False):
        with gr.Column(scale=3, min_width=320, elem_id="shelf-list"):
            with gr.Row(equal_height=True, elem_id="shelf-place"):
                place = gr.Textbox(
                    label="Look elsewhere too",
                    placeholder="a folder, a file or hf://owner/name"
                    if shelf.is_private
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
            plot = gr.LinePlot(visible=False, height=220, elem_id="over-steps")
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
    return Tab(
        *(place, look, place_problem, words, kind, by, again, table, metric, plot, best_of),
        *(the_card, add, added, stop, keep, notes, hypothesis, result, save, saved),
    )


def _shown(shelf: Shelf, found: Found, words: str, kind: str, by: str, metric: str) -> list[Any]:
    """Updates of the table, its two menus, the metric's, the plot and the best."""
    kinds = sorted({record.kind or "unknown" for record in found.records})
    metrics = metric_names(found.records)
    kind = kind if kind in kinds else ALL
    by = by if by in (*ORDERS, *metrics) else ORDERS[0]
    metric = metric if metric in metrics else (metrics[0] if metrics else "")
    rows = filtered(found.records, words, () if kind == ALL else (kind,))
    rows = ordered(rows, by) if by in (*ORDERS, *metric_names(rows)) else rows
    return [
        _table(shelf, found, rows, metrics[:3]),
        gr.update(choices=[ALL, *kinds], value=kind),
        gr.update(choices=[*ORDERS, *metrics], value=by),
        gr.update(choices=metrics, value=metric or None, interactive=bool(metrics)),
        _plot(rows, metric),
        _best(rows, metric),
    ]


def _table(
    shelf: Shelf, found: Found, rows: Sequence[Checkpoint], metrics: Sequence[str]
) -> pd.DataFrame:
    numbers = {record.source: number for number, record in enumerate(found.records, start=1)}
    return pd.DataFrame(
        [
            {
                "#": numbers[record.source],
                "Name": record.name,
                "Kind": _kind(record),
                "Loads here": "✓" if shelf.check(record).ok else "✗",
                "Step": "" if record.step is None else f"{record.step}",
                "Epoch": "" if record.epoch is None else f"{record.epoch:g}",
                **{name: _figure(record, name) for name in metrics},
                "Size": size_text(record.bytes),
                "Changed (UTC)": time_text(record.modified),
                "Notes": (record.notes or "")[:60],
            }
            for record in rows
        ]
    )


def _kind(record: Checkpoint) -> str:
    if record.writing:
        return "being written"
    return KINDS.get(record.kind or "", record.kind or "unknown")


def _figure(record: Checkpoint, metric: str) -> str:
    value = (record.metrics or {}).get(metric)
    return "" if value is None else f"{value:.4g}"


def _plot(rows: Sequence[Checkpoint], metric: str) -> Any:
    points = over_steps(rows, metric) if metric else []
    if len({at for at, _, _ in points}) < 2:
        return gr.update(visible=False)
    by = "epoch" if all(record.step is None for record in rows) else "step"
    values = pd.DataFrame(
        {
            by: [at for at, _, _ in points],
            metric: [y for _, y, _ in points],
            "training run": [run_of(record) for _, _, record in points],
        }
    )
    return gr.update(value=values, x=by, y=metric, color="training run", visible=True)


def _best(rows: Sequence[Checkpoint], metric: str) -> str:
    one = best(rows, metric) if metric else None
    if one is None:
        return ""
    which = "lowest" if lower_is_better(metric) else "highest"
    at = "" if one.step is None else f", step {one.step}"
    value = (one.metrics or {})[metric]
    return (
        f'<p class="best">Best by {escape(metric)} ({which}): <b>{escape(one.name)}</b>, '
        f"{value:.4g}{at}</p>"
    )


def _card(shelf: Shelf, record: Checkpoint) -> list[Any]:
    check = shelf.check(record, thoroughly=True)
    can_write = shelf.is_private and not is_hub(record.source)
    keep = next((name for name, value in KEEPS.items() if value is record.keep), "undecided")
    return [
        card(record, check, shelf.is_private or is_hub(record.source)),
        gr.update(visible=check.ok and record.kind in KINDS),
        gr.update(visible=False),
        gr.update(value=keep, visible=can_write),
        *(
            gr.update(value=getattr(record, name) or "", visible=can_write)
            for name in ("notes", "hypothesis", "result")
        ),
        gr.update(visible=can_write),
        gr.update(visible=False),
    ]


def _named(found: Found, source: str) -> Checkpoint | None:
    return next((record for record in found.records if record.source == source), None)


def _said(sentence: str) -> Any:
    return gr.update(
        value=f'<p class="said" role="status">{escape(sentence)}</p>', visible=bool(sentence)
    )
