"""The page: the form, the results, and what happens between them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from comparing import StopSignal, watch
from convert import Context
from examples import Example, expected_answer, one_for_each_image
from figures import table
from gradio_comparisongrid import Comparison
from layout import THEME, Inputs, Results, budget_label, inputs, masthead, problem, results
from menu import Choice, notes
from request import Problems, Request, picture, read_form
from settings import Settings
from vlmscope import InputError, SharedBase, VlmscopeError, compare

STYLE = Path(__file__).with_name("style.css")
KEYS = Path(__file__).with_name("keys.js")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """What the page is made of: read once, shared by everyone, never changed."""

    base: SharedBase
    settings: Settings
    choices: tuple[Choice, ...]
    examples: tuple[Example, ...]
    notice: str = ""


def build(app: App) -> gr.Blocks:
    """The page as Gradio Blocks; whatever belongs to one person is in their own `gr.State`."""
    with gr.Blocks(title="vlmscope", analytics_enabled=False, fill_width=True) as page:
        masthead(base_line(app.base), app.settings.is_private, app.notice)
        with gr.Tab("Compare"), gr.Row(equal_height=False, elem_id="panes"):
            form = inputs(app.choices, one_for_each_image(app.examples))
            shown = results()
        _show_token_count(app, form)
        _pick_examples(app, form)
        _compare_and_stop(app, form, shown)
    return page


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
    name = "small Qwen3-VL, shipped" if base.name == "shipped" else Path(base.name).name
    device = "CPU" if base.device.type == "cpu" else str(base.device)
    return " · ".join((name, str(base.dtype).removeprefix("torch."), device))


def _show_token_count(app: App, form: Inputs) -> None:
    total = gr.State(None)

    def count(image: str | None) -> int | None:
        found, _ = picture(image)
        try:
            pixels = app.base.pixels(found) if found else None
        except InputError:
            return None
        return pixels.rows * pixels.cols if pixels else None

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


def _compare_and_stop(app: App, form: Inputs, shown: Results) -> None:
    stop = gr.State(StopSignal())
    own = {choice.variant.source for choice in app.choices if choice.variant.source}
    offered = None if app.settings.is_private else own

    def run(
        image: str | None,
        question: str,
        ticked: list[str],
        lines: str,
        percent: float,
        stop: StopSignal,
    ) -> Iterator[dict[Any, Any]]:
        chosen = [choice.variant for choice in app.choices if choice.variant.id in ticked]
        read = read_form(image, question, chosen, lines, percent, offered)
        if isinstance(read, Problems):
            yield _beside(form, read)
            return
        stop.clear()
        yield _beside(form, Problems()) | _running(form, True)
        context = Context(expected_answer(app.examples, image, question), notes(app.choices))
        said: dict[Any, Any] = {}
        for value in _watch(app, read, context, stop):
            if isinstance(value, Problems):
                said = _beside(form, value)
                break
            before, said = said, {shown.grid: value, shown.table: table(value)}
            is_told = before.get(shown.table) == said[shown.table]
            yield {shown.grid: value} if is_told else said
        # Once more as a whole: a client that does not stream reads this alone.
        yield _beside(form, Problems()) | said | _running(form, False)

    gr.on(
        [form.compare.click, form.question.submit],
        run,
        [*form.fields, stop],
        [
            *form.problems,
            shown.grid,
            shown.table,
            form.compare,
            form.stop,
        ],
        trigger_mode="once",
        show_progress="hidden",
        concurrency_id="engine",
        concurrency_limit=app.settings.users,
        api_name="compare",
    )
    form.stop.click(lambda stop: stop.set(), stop, None, queue=False, api_visibility="private")


def _watch(
    app: App, request: Request, context: Context, stop: StopSignal
) -> Iterator[Comparison | Problems]:
    """The grid's values of a comparison, or at its end a sentence that says why there is none."""
    try:
        events = compare(
            app.base,
            request.image,
            request.question,
            request.variants,
            max_new_tokens=app.settings.max_new_tokens,
            stop=stop.is_set,
        )
        yield from watch(events, context)
    except VlmscopeError as refused:
        yield Problems(image=str(refused))
    except Exception:
        log.exception("a comparison failed")
        yield Problems(variants="The comparison failed unexpectedly; the server's log says where.")


def _beside(form: Inputs, problems: Problems) -> dict[Any, Any]:
    sentences = (problems.image, problems.question, problems.variants, problems.lines)
    return dict(zip(form.problems, map(problem, sentences), strict=True))


def _running(form: Inputs, is_running: bool) -> dict[Any, Any]:
    return {
        form.compare: gr.update(interactive=not is_running),
        form.stop: gr.update(interactive=is_running),
    }
