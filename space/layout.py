"""What stands where on the page; what it does is given by the caller."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.themes import Default, sizes

from examples import Example
from figures import table
from gradio_comparisongrid import Comparison, ComparisonGrid
from image_file import ImageFile
from menu import Choice
from presets import PRESETS
from vlmscope import Variant

THEME = Default(spacing_size=sizes.spacing_sm, radius_size=sizes.radius_md, text_size=sizes.text_sm)


@dataclass(frozen=True)
class Inputs:
    """The form at the left, with a place for a sentence below each field."""

    image: gr.Image
    image_problem: gr.HTML
    examples: gr.Dataset | None
    question: gr.Textbox
    question_problem: gr.HTML
    presets: list[gr.Button]
    variants: gr.CheckboxGroup
    variants_problem: gr.HTML
    more: gr.Accordion
    words: gr.Checkbox
    lines: gr.Textbox
    lines_problem: gr.HTML
    budget: gr.Slider
    budget_problem: gr.HTML
    compare: gr.Button
    measure: gr.Button
    stop: gr.Button
    waiting: gr.HTML

    @property
    def fields(self) -> list[Component]:
        return [self.image, self.question, self.variants, self.lines, self.budget, self.words]

    @property
    def problems(self) -> list[Component]:
        return [
            self.image_problem,
            self.question_problem,
            self.variants_problem,
            self.lines_problem,
            self.budget_problem,
        ]


@dataclass(frozen=True)
class Results:
    """The right side: what is to be said of the grid, the grid, its figures, and a link to all that.

    Not shown: `view`, how the grid is looked at, and `told`, what was wrong with a comparison's form.
    """

    note: gr.HTML
    grid: ComparisonGrid
    table: gr.HTML
    link: gr.Button
    address: gr.Textbox
    view: gr.JSON
    told: gr.JSON


def masthead(base: str, privacy: str, notice: str) -> None:
    """The name, what runs, and what leaves the machine, said once."""
    told = f'<div class="notice">{escape(notice)}</div>' if notice else ""
    gr.HTML(
        '<header class="masthead"><h1>vlmscope</h1>'
        f'<span class="chip">{escape(base)}</span>'
        f'<span class="chip privacy">{escape(privacy)}</span>{told}</header>'
    )


@dataclass(frozen=True)
class AtFirst:
    """What the form asks when the page opens: the ids of variants, and an example of so many `tokens`."""

    ticked: list[str]
    example: Example | None = None
    tokens: int | None = None


def inputs(choices: Sequence[Choice], examples: Sequence[Example], at_first: AtFirst) -> Inputs:
    """The form, in the order one thinks: image, question, budget, variants, go."""
    first = at_first.example
    with gr.Column(elem_id="inputs", scale=0, min_width=264):
        image = ImageFile(
            str(first.image) if first else None,
            label="Image",
            sources=["upload", "clipboard"],
            image_mode=None,
            height=152,
            buttons=[],
            elem_id="image",
            placeholder="Drop, paste or pick an image",
        )
        image_problem = _problem()
        dataset = _thumbnails(image, examples) if examples else None
        question = gr.Textbox(
            first.question if first else "",
            label="Question",
            placeholder="What colour is the star?",
            lines=1,
            max_lines=3,
            elem_id="question",
        )
        question_problem = _problem()
        budget = gr.Slider(
            5, 100, value=50, step=5, label=budget_label(at_first.tokens, 50), elem_id="budget"
        )
        budget_problem = _problem()
        with gr.Row(elem_id="presets"):
            presets = [gr.Button(name, size="sm", min_width=40) for name in PRESETS]
        variants = gr.CheckboxGroup(
            [(choice.label, choice.variant.id) for choice in choices],
            value=at_first.ticked,
            label="Variants",
            elem_id="variants",
        )
        variants_problem = _problem()
        with gr.Accordion("Options and others", open=False, elem_id="more") as more:
            words = gr.Checkbox(
                False,
                label="A map for each word",
                info="Where each variant looked as it wrote, and what it dropped of what the baseline "
                "looked at. With Compare, not with Measure.",
                elem_id="word-maps",
            )
            lines = gr.Textbox(
                label="Other variants, one to a line",
                value="",  # one in a closed panel has none of its own
                placeholder="uniform:keep=25%",
                lines=1,
                max_lines=6,
                elem_id="free",
            )
            lines_problem = _problem()
        with gr.Row(elem_id="go"):
            waiting = gr.HTML(visible=False, padding=False, elem_id="waiting")
            compare = gr.Button("Compare", variant="primary", elem_id="compare", min_width=84)
            measure = gr.Button("Measure", elem_id="measure", min_width=76)
            stop = gr.Button("Stop", elem_id="stop", min_width=54, interactive=False)
    return Inputs(
        image,
        image_problem,
        dataset,
        question,
        question_problem,
        presets,
        variants,
        variants_problem,
        more,
        words,
        lines,
        lines_problem,
        budget,
        budget_problem,
        compare,
        measure,
        stop,
        waiting,
    )


def results() -> Results:
    """The grid with all the room there is, and its figures below."""
    note = gr.HTML(visible=False, padding=False, elem_id="note")
    grid = ComparisonGrid(Comparison(), voting=True, show_label=False, elem_id="grid")
    figures = gr.HTML(elem_id="figures")
    with gr.Row(elem_id="link", equal_height=True):
        link = gr.Button("Link to this", size="sm", scale=0, min_width=110)
        address = gr.Textbox(
            visible=False, show_label=False, max_lines=1, buttons=["copy"], scale=1
        )
    view, told = gr.JSON(visible=False), gr.JSON(visible=False)
    return Results(note, grid, figures, link, address, view, told)


def budget_label(total: int | None, percent: float) -> str:
    """What the budget is in tokens, as the engine rounds it: `Budget, % · 50 of 100 tokens`."""
    if total is None:
        return "Budget, % of the image tokens"
    kept = Variant("random", options={"keep": f"{percent:g}%"}).keep.of(total)
    return f"Budget, % · {kept} of {total} tokens"


def problem(sentence: str) -> dict[str, Any]:
    """An update that shows a sentence below a field, or takes it away."""
    return gr.update(
        value=f'<div class="problem" role="alert">{escape(sentence)}</div>' if sentence else "",
        visible=bool(sentence),
    )


def note(sentence: str) -> dict[str, Any]:
    """An update that says something of what the grid shows, or takes that away."""
    return gr.update(
        value=f'<p class="note" role="status">{escape(sentence)}</p>' if sentence else "",
        visible=bool(sentence),
    )


def in_the_grid(shown: Results, value: Comparison) -> dict[Any, Any]:
    """Updates that show a value and its figures; its images are deleted in their time."""
    note_files(shown.grid, value)
    return {shown.grid: value, shown.table: table(value)}


def note_files(grid: ComparisonGrid, value: Comparison) -> None:
    """Have the images of a value deleted in their time, counted from now.

    Gradio notes the files of a person's own copy of the grid, and forgets them with that copy.
    """
    for image in (value.image, *(cell.image for cell in value.cells)):
        if image:
            # The same pixels are one file, which may be of yesterday.
            with suppress(FileNotFoundError):
                os.utime(image.path)
            grid.temp_files.add(image.path)


def waiting(sentence: str, is_refused: bool = False) -> dict[str, Any]:
    """An update that says where one stands in the line, or why there is no room in it; or nothing."""
    look, role = ("problem", "alert") if is_refused else ("waiting", "status")
    said = f'<div class="{look}" role="{role}">{escape(sentence)}</div>' if sentence else ""
    return gr.update(value=said, visible=bool(sentence))


def _problem() -> gr.HTML:
    return gr.HTML(visible=False, padding=False)


def _thumbnails(image: gr.Image, examples: Sequence[Example]) -> gr.Dataset:
    sample = gr.Image(visible=False, render=False)
    dataset = gr.Dataset(
        components=[sample],
        samples=[[str(example.image)] for example in examples],
        type="index",
        layout="gallery",
        samples_per_page=8,
        show_label=False,
        elem_id="examples",
    )
    # A picked example is the same file in Gradio's cache, which must outlive the person who picked.
    image.keep_in_cache |= sample.keep_in_cache
    return dataset
