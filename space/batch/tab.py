"""The tab of batches: what happens between its form, a person's batch and what is shown of it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component
from gradio.events import Dependency

import opening
from application import App
from batch.batches import Batches, Held
from batch.folder import MOST_AT_THE_DESK, MOST_OF_STRANGERS
from batch.form import Asked, Limits, Problems, read_form
from batch.layout import Form, Shown, form, shown, sources_shown
from batch.showing import Seen, cleared, finished, on_page, page_of, results, told
from compare_tab import CompareTab
from events import QUEUED, QUIET
from examples import one_for_each_image
from layout import problem
from menu import Choice
from offer import Offer
from people import Visit
from vlmscope import Variant, VlmscopeError, read_suite
from vlmscope.engine.loading import shipped_folder
from vlmscope.engine.prompt import reserved_tokens

log = logging.getLogger(__name__)

HELD_OUT = shipped_folder().parent / "suites" / "held_out_100.json"
UNEXPECTED = "The batch could not begin; the server's log says why."
_Updates = dict[Block, Any]


@dataclass(frozen=True)
class _Tab:
    """What the events of the tab share."""

    app: App
    compare: CompareTab
    batches: Batches
    form: Form
    shown: Shown
    seen: gr.State
    visit: gr.State

    def offer(self, added: tuple[Choice, ...]) -> Offer:
        return Offer((*self.app.choices, *added), self.app.settings.is_private)

    @property
    def where(self) -> list[Component]:
        """Inputs of everything that shows a batch."""
        return [self.visit, self.compare.added, self.shown.page, self.shown.measure, self.seen]

    @property
    def outputs(self) -> list[Component]:
        go = [self.form.run, self.form.stop, self.form.go_on]
        return [*self.shown.views, *go, self.seen]


def batch_tab(app: App, compare: CompareTab, visit: gr.State, greeted: Dependency) -> None:
    """Build the tab; a person's batch is found again once they are `greeted`."""
    held_out = len(read_suite(HELD_OUT).cases)
    with gr.Tab("Batch", id="batch") as opened, gr.Row(equal_height=False, elem_id="batch-panes"):
        asked, views = form(app.choices, held_out), shown()
        seen = gr.State(None)
        is_own = gr.State(False)
    batches = Batches(
        app.base, app.places, app.history, app.tracker, app.settings.engine_options, app.journal
    )
    app.visits.when_left(batches.left)
    app.visits.when_gone(batches.gone)
    tab = _Tab(app, compare, batches, asked, views, seen, visit)
    _fill_form(tab, opened, is_own)
    _run_and_stop(tab)
    _show(tab, opened, greeted)
    _open_cases(tab)


def _fill_form(tab: _Tab, opened: gr.Tab, is_own: gr.State) -> None:
    """The examples, the source's own fields, and the Compare tab's variants until others are chosen."""
    asked, theirs = tab.form, tab.compare.form
    images = [str(example.image) for example in one_for_each_image(tab.app.examples)]

    def as_compared(
        own: bool, added: tuple[Choice, ...], here: list[str], ticked: list[str], lines: str
    ) -> tuple[Any, Any]:
        choices = [(one.label, one.variant.id) for one in tab.offer(added).choices]
        return (
            gr.update(choices=choices, value=here if own else ticked),
            gr.skip() if own else lines,
        )

    asked.source.change(
        sources_shown,
        asked.source,
        [asked.images, asked.examples, asked.questions, asked.files, asked.count],
        **QUIET,
    )
    asked.examples.click(lambda: images, None, asked.images, **QUIET)
    opened.select(
        as_compared,
        [is_own, tab.compare.added, asked.variants, theirs.variants, theirs.lines],
        [asked.variants, asked.lines],
        **QUIET,
    )
    gr.on([asked.variants.input, asked.lines.input], lambda: True, None, is_own, **QUIET)


def _run_and_stop(tab: _Tab) -> None:
    app, asked = tab.app, tab.form
    limits = Limits(
        cases=app.settings.max_batch,
        variants=app.settings.max_variants,
        new_tokens=app.settings.max_new_tokens,
        image_pixels=app.settings.max_image_pixels,
        suite_bytes=MOST_AT_THE_DESK if app.settings.is_private else MOST_OF_STRANGERS,
        reserved=reserved_tokens(app.base.model.config, app.base.tokenizer),
    )

    def run(
        visit: Visit, token: gr.OAuthToken | None, added: tuple[Choice, ...], *fields: Any
    ) -> _Updates:
        source, images, questions, files, count, ticked, lines, percent, measured = fields
        wanted = Asked(
            source,
            [Path(path) for path, _ in images or ()],
            questions,
            [Path(path) for path in files or ()],
            count,
            ticked,
            lines,
            percent,
            measured,
        )
        offer = tab.offer(added)
        said = _said(tab, "")

        def own_files(variants: Sequence[Variant]) -> Mapping[str, str]:
            sources = [source for variant in variants for source in variant.sources]
            return app.readers.fetched(visit.person, token, sources, app.base.pickles)

        try:
            begun = tab.batches.begin(
                visit.person,
                offer,
                lambda home: read_form(wanted, offer, limits, HELD_OUT, home),
                own_files,
            )
        except VlmscopeError as refused:
            return _beside(asked, Problems()) | _said(tab, str(refused))
        except Exception:
            log.exception("a batch could not begin")
            return _beside(asked, Problems()) | _said(tab, UNEXPECTED)
        if isinstance(begun, Problems):
            return _beside(asked, begun) | said
        return _beside(asked, Problems()) | said | _everything(tab, begun, 1, None, None)

    @_or_sentence(tab)
    def stop(visit: Visit, added: tuple[Choice, ...]) -> _Updates:
        if held := tab.batches.find(visit.person, tab.offer(added)):
            held.job.stop()
        return {}

    @_or_sentence(tab)
    def go_on(
        visit: Visit, added: tuple[Choice, ...], page: int, measure: str, seen: Seen
    ) -> _Updates:
        held = tab.batches.find(visit.person, tab.offer(added))
        if held is None:
            return {}
        held.job.go_on()
        return _everything(tab, held, page, measure, seen)

    asked.run.click(
        run,
        [tab.visit, tab.compare.added, *asked.fields],
        [*asked.problems, *tab.outputs],
        **QUIET,
    )
    asked.stop.click(stop, [tab.visit, tab.compare.added], tab.shown.said, **QUIET)
    asked.go_on.click(go_on, tab.where, tab.outputs, **QUIET)


def _show(tab: _Tab, opened: gr.Tab, greeted: Dependency) -> None:
    views = tab.shown

    def look(
        visit: Visit, added: tuple[Choice, ...], page: int, measure: str, seen: Seen
    ) -> _Updates:
        try:
            held = tab.batches.find(visit.person, tab.offer(added))
        except VlmscopeError as problem:
            return _said(tab, str(problem)) | told(tab.form, views, None)
        return _everything(tab, held, page, measure, seen)

    def come(visit: Visit, *rest: Any) -> _Updates:
        tab.batches.came(visit.person)
        return look(visit, *rest)

    @_or_sentence(tab)
    def turn(visit: Visit, added: tuple[Choice, ...], page: int, measure: str, _: Seen) -> _Updates:
        held = tab.batches.find(visit.person, tab.offer(added))
        return page_of(views, held, page, measure) if held else {}

    greeted.then(come, tab.where, tab.outputs, **QUIET)
    gr.on([opened.select, views.timer.tick], look, tab.where, tab.outputs, **QUIET)
    gr.on(
        [views.page.input, views.measure.input],
        turn,
        tab.where,
        [views.said, views.page, views.gallery, views.matrix],
        **QUIET,
    )
    views.columns.input(
        lambda columns: gr.update(columns=columns), views.columns, views.gallery, **QUIET
    )


def _open_cases(tab: _Tab) -> None:
    """A click on a picture, or on a cell of the matrix, opens that case in the grid."""

    def open_case(visit: Visit, added: tuple[Choice, ...], number: int) -> _Updates:
        held = tab.batches.find(visit.person, tab.offer(added))
        cases = {n: (case, row) for n, case, row in finished(held)} if held else {}
        if held is None or number not in cases:
            return {}
        case, row = cases[number]
        if row.error:
            return _said(tab, f"Case {number} was refused: {row.error}")
        run = tab.batches.run_of(visit.person, held, case.id)
        note = f"Case {number} of the batch {held.plan.name}."
        updates = opening.opened(
            tab.app, tab.compare, run, added, expected=case.expected or None, note=note
        )
        return {**updates, tab.shown.gallery: gr.update(selected_index=None)}

    @_or_sentence(tab)
    def from_gallery(
        visit: Visit, added: tuple[Choice, ...], page: int, event: gr.SelectData
    ) -> _Updates:
        held = tab.batches.find(visit.person, tab.offer(added))
        cases = on_page(finished(held), page) if held else ()
        index = event.index
        if not isinstance(index, int) or not 0 <= index < len(cases):
            return {}
        return open_case(visit, added, cases[index][0])

    @_or_sentence(tab)
    def from_matrix(visit: Visit, added: tuple[Choice, ...], picked: str) -> _Updates:
        # The number, then what makes two clicks on one cell differ.
        number = picked.split(" ")[0]
        return open_case(visit, added, int(number)) if number.isdecimal() else {}

    outputs = [*opening.outputs(tab.compare), tab.shown.said, tab.shown.gallery]
    who = [tab.visit, tab.compare.added]
    tab.shown.gallery.select(from_gallery, [*who, tab.shown.page], outputs, **QUEUED)
    tab.shown.picked.change(from_matrix, [*who, tab.shown.picked], outputs, **QUEUED)


def _everything(
    tab: _Tab, held: Held | None, page: int, measure: str | None, seen: Seen
) -> _Updates:
    # Asked first: what ends in between is shown by the next look.
    progress = told(tab.form, tab.shown, held)
    if held is None:
        # One that was shown here and is deleted since goes from the page too.
        return progress | (cleared(tab.shown) | {tab.seen: None} if seen else {})
    found, now = results(tab.shown, held, page, measure, seen)
    return {**found, **progress, tab.seen: now}


def _or_sentence(tab: _Tab) -> Callable[[Callable[..., _Updates]], Callable[..., _Updates]]:
    """What someone does on the tab, or the sentence that hindered it; an earlier one goes."""

    def with_sentence(act: Callable[..., _Updates]) -> Callable[..., _Updates]:
        @wraps(act)
        def answer(*asked: Any) -> _Updates:
            try:
                return _said(tab, "") | act(*asked)
            except VlmscopeError as problem:
                return _said(tab, str(problem))

        return answer

    return with_sentence


def _said(tab: _Tab, sentence: str) -> _Updates:
    return {tab.shown.said: problem(sentence)}


def _beside(asked: Form, problems: Problems) -> _Updates:
    sentences = (
        *(problems.images, problems.questions, problems.suite, problems.count),
        *(problems.variants, problems.lines, problems.budget),
    )
    return dict(zip(asked.problems, map(problem, sentences), strict=True))
