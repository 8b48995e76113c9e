"""Compare, measure and stop: from the form's button to the grid, the figures and the history."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any, Literal

import gradio as gr

from application import App
from bases import count_image_tokens
from comparing import StopSignal, watch
from convert import Context
from engine import compare
from events import AT_ONCE, QUIET, UNSEEN
from examples import expected_answer
from figures import has_same_table
from gradio_comparisongrid import Comparison
from history.recording import record
from journal import Entry
from layout import Inputs, Results, in_the_grid, note, problem, waiting
from menu import Choice, notes
from offer import Offer
from pace import Work
from people import Visit, counted_as
from places import Busy
from request import Limits, Problems, Request, own_of, read_form, word_maps_problem
from standing import sentences
from states import Last, States
from vlmscope import Gathering, InputError, SharedBase, VlmscopeError
from vlmscope.engine.prompt import reserved_tokens

Mode = Literal["together", "measured"]

OWN_ENDPOINT = {"api_name": "compare_form", "api_visibility": "undocumented"}
"""Programs have an endpoint of their own; whoever knows this one may call it."""

log = logging.getLogger(__name__)


def compare_and_stop(app: App, form: Inputs, shown: Results, mine: States) -> None:
    """Wire the buttons: one comparison at a time for a page, which waits in line for a place."""
    buttons = [form.compare, form.measure, form.stop]
    around = [*form.problems, *buttons, form.more]

    def wait(visit: Visit) -> Any:
        if not visit.stop.begin():
            return gr.skip()
        return _beside(form, Problems()) | _running(form, True)

    def finish(told: dict[str, str]) -> dict[Any, Any]:
        problems = Problems(**told)
        panel = {form.more: gr.update(open=True)} if problems.lines else {}
        return _beside(form, problems) | _running(form, False) | panel

    def give_back(visit: Visit) -> dict[Any, Any]:
        visit.stop.end()
        return _running(form, False)

    def compared(mode: Mode) -> Callable[..., Iterator[dict[Any, Any]]]:
        def run(
            image: str | None,
            question: str | None,
            ticked: list[str],
            lines: str | None,
            percent: float,
            words: bool | None,
            own: Any,
            visit: Visit,
            added: tuple[Choice, ...],
            request: gr.Request,
            token: gr.OAuthToken | None,
        ) -> Iterator[dict[Any, Any]]:
            asked = (image, question, ticked, lines, percent, own, bool(words))
            base = app.base_of(visit, token)
            with app.journal.entry("page", counted_as(visit, request), mode) as entry:
                yield from _compared(app, base, form, shown, mine, mode, asked, visit, added, entry)

        return run

    starts: list[tuple[Mode, list[Any], dict[str, Any]]] = [
        ("together", [form.compare.click, form.question.submit], OWN_ENDPOINT),
        ("measured", [form.measure.click], {"api_visibility": "private"}),
    ]
    for mode, triggers, visibility in starts:
        # Whoever waits for a place may take the wish back.
        waited = gr.on(triggers, wait, mine.visit, around, trigger_mode="once", **QUIET)
        # What streams has few outputs: Gradio makes each of them anew for every value.
        comparison = waited.then(
            compared(mode),
            [*form.fields, mine.own, mine.visit, mine.added],
            [form.waiting, shown.note, shown.grid, shown.table, shown.told, mine.last],
            trigger_mode="once",
            **AT_ONCE | UNSEEN | visibility,
        )
        comparison.success(finish, shown.told, around, **QUIET)
        # Such as a queue that is full: Gradio says so itself.
        comparison.failure(give_back, mine.visit, buttons, **QUIET)
    form.stop.click(lambda visit: visit.stop.set(), mine.visit, None, **QUIET)


def limits_of(app: App, added: tuple[Choice, ...]) -> Limits:
    """What one person may ask of this app."""
    return Limits(
        offer=Offer((*app.choices, *added), app.settings.is_private),
        reserved=reserved_tokens(app.base.model.config, app.base.tokenizer),
        image_pixels=app.settings.max_image_pixels,
        variants=app.settings.max_variants,
    )


def _compared(
    app: App,
    base: SharedBase,
    form: Inputs,
    shown: Results,
    mine: States,
    mode: Mode,
    asked: tuple[str | None, str | None, list[str], str | None, float, Any, bool],
    visit: Visit,
    added: tuple[Choice, ...],
    entry: Entry,
) -> Iterator[dict[Any, Any]]:
    """Updates of the page while a comparison runs; the last says as `shown.told` what was wrong."""
    said: dict[Any, Any] = {}
    told = Comparison()
    problems = Problems()
    gathering = Gathering()
    read: Request | Problems | None = None
    try:
        yield {form.waiting: waiting(""), shown.note: note("")}
        limits = limits_of(app, added)
        offered = limits.offer.choices
        image, question, ticked, lines, percent, own, words = asked
        chosen = [choice.variant for choice in offered if choice.variant.id in ticked]
        read = read_form(image, question or "", chosen, lines or "", percent, limits, own_of(own))
        if isinstance(read, Request) and words and mode == "together":
            read = _with_word_maps(app, read)
        if isinstance(read, Problems):
            problems = read
        else:
            entry.asks(read.variants, read.image.size, read.question)
            answer = expected_answer(app.examples, image, read.question)
            context = Context(answer, notes(offered))
            work = Work(mode, len(read.variants))
            with app.places.comparison(entry.who, work) as entry.ticket:
                for place in sentences(entry.ticket.waits(visit.stop.is_set)):
                    yield {form.waiting: waiting(place)}
                for value in _values(app, base, read, mode, context, visit.stop, gathering):
                    if has_same_table(told, value):
                        said = said | {shown.grid: value}
                        yield {shown.grid: value}
                    else:
                        told, said = value, in_the_grid(shown, value)
                        yield said
                entry.run = gathering.to_run()
            if run := entry.run:
                app.tracker.comparison(run, answer)
                recorded = record(app, visit, run, answer, added)
                said[mine.last] = app.lasts.keep(Last(run, answer, recorded.id))
                said[shown.note] = note(recorded.problem)
    except Busy as full:
        entry.outcome = "refused"
        said[form.waiting] = waiting(str(full), is_refused=True)
    except InputError as refused:
        problems = _refusal(app.base, read, str(refused))
    except VlmscopeError as refused:
        problems = Problems(variants=str(refused))
    except Exception:
        entry.outcome = "failed"
        log.exception("a comparison failed")
        sentence = "The comparison failed unexpectedly; the server's log says where."
        problems = Problems(variants=sentence)
    finally:
        visit.stop.end()
    if any(asdict(problems).values()):
        entry.outcome = entry.outcome or "refused"
    # Once more as a whole: a client that does not stream reads this alone.
    yield said | {shown.told: asdict(problems)}


def _values(
    app: App,
    base: SharedBase,
    request: Request,
    mode: Mode,
    context: Context,
    stop: StopSignal,
    gathering: Gathering,
) -> Iterator[Comparison]:
    """The grid's values of a comparison as it runs; raises what the engine raises.

    One that was stopped while it waited for a place begins all the same, and says so in its cells.
    """
    events = compare(
        base,
        request.image,
        request.question,
        request.variants,
        mode=mode,
        word_maps=request.word_maps,
        max_new_tokens=app.settings.max_new_tokens,
        stop=stop.is_set,
        **app.settings.engine_options,
    )
    yield from watch(events, context, hear=gathering.add)


def _with_word_maps(app: App, request: Request) -> Request | Problems:
    """The request with a map for each word, or why a page would not hold them."""
    longest, count = app.settings.max_new_tokens, len(request.variants)
    tokens = count_image_tokens(app.base, *request.image.size)
    if sentence := word_maps_problem(tokens, count, longest):
        return Problems(variants=sentence)
    return replace(request, word_maps=True)


def _refusal(base: SharedBase, read: Request | Problems | None, sentence: str) -> Problems:
    """The engine's sentence beside what it is about: the image if that alone is refused."""
    if not isinstance(read, Request):
        return Problems(variants=sentence)
    try:
        base.pixels(read.image)
    except InputError:
        return Problems(image=sentence)
    return Problems(question=sentence)


def _beside(form: Inputs, problems: Problems) -> dict[Any, Any]:
    sentences = (
        problems.image,
        problems.question,
        problems.variants,
        problems.lines,
        problems.budget,
    )
    return dict(zip(form.problems, map(problem, sentences), strict=True))


def _running(form: Inputs, is_running: bool) -> dict[Any, Any]:
    return {
        form.compare: gr.update(interactive=not is_running),
        form.measure: gr.update(interactive=not is_running),
        form.stop: gr.update(interactive=is_running),
    }
