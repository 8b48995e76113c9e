"""The tab where variants are compared: the form, the results, and what happens between them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from application import App
from bases import count_image_tokens
from comparing import StopSignal, watch
from convert import Context
from examples import expected_answer, one_for_each_image
from figures import table
from gradio_comparisongrid import Comparison
from layout import (
    Inputs,
    Results,
    budget_label,
    inputs,
    problem,
    results,
    waiting,
)
from menu import Choice, notes
from people import Visit
from request import Limits, Problems, Request, picture_size, read_form
from vlmscope import InputError, SharedBase, VlmscopeError, compare
from vlmscope.engine.prompt import reserved_tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CompareTab:
    """The page's tabs, the form, what it shows, and the choices that a person added to those of the app."""

    tabs: gr.Tabs
    form: Inputs
    shown: Results
    added: gr.State


def compare_tab(app: App, tabs: gr.Tabs, visit: gr.State) -> CompareTab:
    """Build the tab; whatever belongs to one person is in their own `gr.State`."""
    with gr.Tab("Compare", id="compare"), gr.Row(equal_height=False, elem_id="panes"):
        added, total = gr.State(()), gr.State(None)
        form = inputs(app.choices, one_for_each_image(app.examples))
        shown = results()
    _show_token_count(app, form, total)
    _pick_examples(app, form)
    _compare_and_stop(app, form, shown, added, visit)
    return CompareTab(tabs, form, shown, added)


def _show_token_count(app: App, form: Inputs, total: gr.State) -> None:
    def count(image: str | None) -> int | None:
        size = picture_size(image)
        return count_image_tokens(app.base, *size) if size else None

    def say(total: int | None, percent: float) -> dict[str, Any]:
        return gr.update(label=budget_label(total, percent))

    quiet = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    form.image.change(count, form.image, total, **quiet).then(
        say, [total, form.budget], form.budget, **quiet
    )
    form.budget.change(say, [total, form.budget], form.budget, **quiet)


def _pick_examples(app: App, form: Inputs) -> None:
    if form.examples is None:
        return
    offered = one_for_each_image(app.examples)

    def pick(index: int) -> tuple[str, str]:
        return str(offered[index].image), offered[index].question

    form.examples.click(
        pick,
        form.examples,
        [form.image, form.question],
        show_progress="hidden",
        api_visibility="private",
    )


def _compare_and_stop(
    app: App, form: Inputs, shown: Results, added: gr.State, visit: gr.State
) -> None:
    own = {choice.variant.source for choice in app.choices if choice.variant.source}
    limits = Limits(
        sources=None if app.settings.is_private else own,
        reserved=reserved_tokens(app.base.model.config, app.base.tokenizer),
        image_pixels=app.settings.max_image_pixels,
    )

    def wait(visit: Visit) -> Any:
        return _running(form, True, is_waiting=True) if visit.stop.begin() else gr.skip()

    def run(
        image: str | None,
        question: str,
        ticked: list[str],
        lines: str,
        percent: float,
        visit: Visit,
        added: tuple[Choice, ...],
    ) -> Iterator[dict[Any, Any]]:
        yield _running(form, True)
        said: dict[Any, Any] = {}
        read: Request | Problems | None = None
        try:
            offered = (*app.choices, *added)
            chosen = [choice.variant for choice in offered if choice.variant.id in ticked]
            read = read_form(image, question, chosen, lines, percent, limits)
            if isinstance(read, Problems):
                said = _beside(form, read)
            else:
                yield _beside(form, Problems())
                answer = expected_answer(app.examples, image, question)
                context = Context(answer, notes(offered))
                for value in _values(app, read, context, visit.stop):
                    # Gradio notes the files of a person's own copy of the grid, and forgets
                    # them with that copy; these are deleted in their time.
                    images = (value.image, *(cell.image for cell in value.cells))
                    shown.grid.temp_files |= {image.path for image in images if image}
                    before, said = said, {shown.grid: value, shown.table: table(value)}
                    is_told = before.get(shown.table) == said[shown.table]
                    yield {shown.grid: value} if is_told else said
        except InputError as refused:
            said |= _beside(form, _refusal(app.base, read, str(refused)))
        except VlmscopeError as refused:
            said |= _beside(form, Problems(variants=str(refused)))
        except Exception:
            log.exception("a comparison failed")
            sentence = "The comparison failed unexpectedly; the server's log says where."
            said |= _beside(form, Problems(variants=sentence))
        finally:
            visit.stop.end()
        # Once more as a whole: a client that does not stream reads this alone.
        yield _beside(form, Problems()) | said | _running(form, False)

    def give_back(visit: Visit) -> dict[Any, Any]:
        visit.stop.end()
        return _running(form, False)

    buttons = [form.compare, form.stop, form.waiting]
    quiet = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    # Whoever waits for a place sees it at once, and may take the wish back.
    comparison = gr.on(
        [form.compare.click, form.question.submit],
        wait,
        visit,
        buttons,
        trigger_mode="once",
        **quiet,
    ).then(
        run,
        [*form.fields, visit, added],
        [*form.problems, form.waiting, shown.grid, shown.table, form.compare, form.stop],
        trigger_mode="once",
        show_progress="hidden",
        concurrency_id="engine",
        concurrency_limit=app.settings.users,
        # Programs have an endpoint of their own; whoever knows this one may call it.
        api_name="compare_form",
        api_visibility="undocumented",
    )
    # Such as a queue that is full: Gradio says so itself.
    comparison.failure(give_back, visit, buttons, **quiet)
    form.stop.click(
        lambda visit: visit.stop.set(), visit, None, queue=False, api_visibility="private"
    )


def _values(app: App, request: Request, context: Context, stop: StopSignal) -> Iterator[Comparison]:
    """The grid's values of a comparison as it runs; raises what the engine raises."""
    # One that is stopped while it waits for a place begins all the same, and says so in its cells.
    with app.places.comparison(stop.is_set):
        events = compare(
            app.base,
            request.image,
            request.question,
            request.variants,
            max_new_tokens=app.settings.max_new_tokens,
            max_image_pixels=app.settings.max_image_pixels,
            stop=stop.is_set,
        )
        yield from watch(events, context)


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


def _running(form: Inputs, is_running: bool, is_waiting: bool = False) -> dict[Any, Any]:
    return {
        form.waiting: waiting(is_waiting),
        form.compare: gr.update(interactive=not is_running),
        form.stop: gr.update(interactive=is_running),
    }
