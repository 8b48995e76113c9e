"""The page: the form, the results, and what happens between them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from bases import count_image_tokens
from checkpoints_tab import checkpoints_tab
from comparing import StopSignal, watch
from convert import Context
from examples import Example, expected_answer, one_for_each_image
from figures import table
from gradio_comparisongrid import Comparison
from layout import (
    THEME,
    Inputs,
    Results,
    budget_label,
    inputs,
    masthead,
    problem,
    results,
    waiting,
)
from menu import Choice, notes
from request import Limits, Problems, Request, picture_size, read_form
from settings import Settings
from shelf import Shelf
from titles import base_name
from vlmscope import InputError, SharedBase, VlmscopeError, compare
from vlmscope.engine.prompt import reserved_tokens

STYLE = Path(__file__).with_name("style.css")
KEYS = Path(__file__).with_name("keys.js")

CACHE_SECONDS = (3600, 86400)
"""Every hour, what people uploaded or compared a day ago is deleted."""
MOST_WAITING = 32

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """What the page is made of: read once, shared by everyone, never changed."""

    base: SharedBase
    settings: Settings
    choices: tuple[Choice, ...]
    examples: tuple[Example, ...]
    shelf: Shelf
    notice: str = ""


def build(app: App) -> gr.Blocks:
    """The page as Gradio Blocks; whatever belongs to one person is in their own `gr.State`."""
    with gr.Blocks(
        title="vlmscope", analytics_enabled=False, fill_width=True, delete_cache=CACHE_SECONDS
    ) as page:
        masthead(base_line(app.base), app.settings.is_private, app.notice)
        with gr.Tab("Compare"), gr.Row(equal_height=False, elem_id="panes"):
            form = inputs(app.choices, one_for_each_image(app.examples))
            shown = results()
        added = checkpoints_tab(app.shelf, form, app.choices)
        _show_token_count(app, form)
        _pick_examples(app, form)
        _compare_and_stop(app, form, shown, added)
    return page.queue(max_size=MOST_WAITING)


def launch_options() -> dict[str, Any]:
    """What `launch` needs beside the address."""
    return {
        "theme": THEME,
        "css_paths": [STYLE],
        "js": KEYS.read_text(encoding="utf-8"),
        "ssr_mode": False,
        "footer_links": [],
        "quiet": True,
    }


def base_line(base: SharedBase) -> str:
    """The base in a few words: what it is, in which precision, on what."""
    name = "small Qwen3-VL, shipped" if base.name == "shipped" else base_name(base.name)
    device = "CPU" if base.device.type == "cpu" else str(base.device)
    return " · ".join((name, str(base.dtype).removeprefix("torch."), device))


def _show_token_count(app: App, form: Inputs) -> None:
    total = gr.State(None)

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


def _compare_and_stop(app: App, form: Inputs, shown: Results, added: gr.State) -> None:
    stop = gr.State(StopSignal())
    own = {choice.variant.source for choice in app.choices if choice.variant.source}
    limits = Limits(
        sources=None if app.settings.is_private else own,
        reserved=reserved_tokens(app.base.model.config, app.base.tokenizer),
        image_pixels=app.settings.max_image_pixels,
    )

    def wait(stop: StopSignal) -> Any:
        return _running(form, True, is_waiting=True) if stop.begin() else gr.skip()

    def run(
        image: str | None,
        question: str,
        ticked: list[str],
        lines: str,
        percent: float,
        stop: StopSignal,
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
                for value in _values(app, read, context, stop):
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
            stop.end()
        # Once more as a whole: a client that does not stream reads this alone.
        yield _beside(form, Problems()) | said | _running(form, False)

    def give_back(stop: StopSignal) -> dict[Any, Any]:
        stop.end()
        return _running(form, False)

    buttons = [form.compare, form.stop, form.waiting]
    quiet = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    # Whoever waits for a place sees it at once, and may take the wish back.
    comparison = gr.on(
        [form.compare.click, form.question.submit],
        wait,
        stop,
        buttons,
        trigger_mode="once",
        **quiet,
    ).then(
        run,
        [*form.fields, stop, added],
        [*form.problems, form.waiting, shown.grid, shown.table, form.compare, form.stop],
        trigger_mode="once",
        show_progress="hidden",
        concurrency_id="engine",
        concurrency_limit=app.settings.users,
        api_name="compare",
    )
    # Such as a queue that is full: Gradio says so itself.
    comparison.failure(give_back, stop, buttons, **quiet)
    form.stop.click(lambda stop: stop.set(), stop, None, queue=False, api_visibility="private")


def _values(app: App, request: Request, context: Context, stop: StopSignal) -> Iterator[Comparison]:
    """The grid's values of a comparison as it runs; raises what the engine raises."""
    events = compare(
        app.base,
        request.image,
        request.question,
        request.variants,
        max_new_tokens=app.settings.max_new_tokens,
        max_image_pixels=app.settings.max_image_pixels,
        stop=stop.is_set,
    )
    return watch(events, context)


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
