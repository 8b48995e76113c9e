"""What stands where on the batch's tab; what it does is given by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from batch.folder import IMAGES, SUITES
from batch.form import MAX_IMAGES, PRODUCT, SHIPPED, SOURCES, UPLOADED
from image_file import ImageFiles
from layout import budget_label
from menu import Choice, ticked_at_first

COLUMNS = 4
_BARE: dict[str, Any] = {
    "show_label": False,
    "container": False,
    "filterable": False,
    "min_width": 110,
}
TRIED = 20
"""Cases of the held-out suite, unless told otherwise."""


@dataclass(frozen=True)
class Form:
    """What is asked, with a place for a sentence below each field."""

    source: gr.Radio
    images: gr.Gallery
    examples: gr.Button
    images_problem: gr.HTML
    questions: gr.Textbox
    questions_problem: gr.HTML
    files: gr.File
    suite_problem: gr.HTML
    count: gr.Slider
    count_problem: gr.HTML
    variants: gr.CheckboxGroup
    variants_problem: gr.HTML
    lines: gr.Textbox
    lines_problem: gr.HTML
    budget: gr.Slider
    budget_problem: gr.HTML
    measured: gr.Checkbox
    run: gr.Button
    stop: gr.Button
    go_on: gr.Button

    @property
    def fields(self) -> list[Component]:
        return [
            *(self.source, self.images, self.questions, self.files, self.count),
            *(self.variants, self.lines, self.budget, self.measured),
        ]

    @property
    def problems(self) -> list[Component]:
        """In the order of the fields of `Problems`."""
        return [
            *(self.images_problem, self.questions_problem, self.suite_problem),
            *(self.count_problem, self.variants_problem, self.lines_problem, self.budget_problem),
        ]


@dataclass(frozen=True)
class Shown:
    """How far the batch is, and what it found so far."""

    progress: gr.HTML
    said: gr.HTML
    accuracy: gr.HTML
    page: gr.Dropdown
    columns: gr.Dropdown
    gallery: gr.Gallery
    measure: gr.Radio
    matrix: gr.Plot
    picked: gr.Textbox
    timer: gr.Timer

    @property
    def views(self) -> list[Component]:
        return [
            *(self.progress, self.said, self.accuracy, self.page),
            *(self.gallery, self.measure, self.matrix, self.timer),
        ]


def form(choices: Sequence[Choice], held_out: int) -> Form:
    """The form, in the order one thinks: which cases, which variants, how, go."""
    with gr.Column(elem_id="batch-form", scale=0, min_width=300):
        source = gr.Radio(
            list(SOURCES), value=PRODUCT, show_label=False, container=False, elem_id="batch-source"
        )
        images = ImageFiles(
            label=f"Images, at most {MAX_IMAGES}",
            columns=5,
            height=150,
            object_fit="cover",
            interactive=True,
            allow_preview=False,
            sources=["upload", "clipboard"],
            file_types=list(IMAGES),
            buttons=[],
            elem_id="batch-images",
        )
        examples = gr.Button("Take the examples", size="sm", elem_id="batch-examples")
        images_problem = _problem()
        questions = gr.Textbox(
            label="Questions, one to a line",
            placeholder="What colour is the star?\nHow many circles are there?",
            lines=3,
            max_lines=8,
            elem_id="batch-questions",
        )
        questions_problem = _problem()
        files = gr.File(
            label="Suite, .json or .jsonl, and its images or a zip of both",
            file_count="multiple",
            file_types=[*SUITES, ".zip", *IMAGES],
            height=150,
            visible=False,
            elem_id="batch-files",
        )
        suite_problem = _problem()
        count = gr.Slider(
            1,
            held_out,
            value=min(TRIED, held_out),
            step=1,
            label=f"Cases, the first of {held_out}",
            visible=False,
            elem_id="batch-count",
        )
        count_problem = _problem()
        variants = gr.CheckboxGroup(
            [(choice.label, choice.variant.id) for choice in choices],
            value=ticked_at_first(choices),
            label="Variants",
            elem_id="batch-variants",
        )
        variants_problem = _problem()
        lines = gr.Textbox(
            label="Others, one to a line",
            placeholder="uniform:keep=25%",
            lines=1,
            max_lines=4,
            elem_id="batch-lines",
        )
        lines_problem = _problem()
        budget = gr.Slider(
            5, 100, value=50, step=5, label=budget_label(None, 50), elem_id="batch-budget"
        )
        budget_problem = _problem()
        measured = gr.Checkbox(
            label="Measure latency: each variant by itself, three times; slower",
            container=False,
            elem_id="batch-measured",
        )
        with gr.Row(elem_id="batch-go"):
            run = gr.Button("Run", variant="primary", elem_id="batch-run", min_width=80)
            stop = gr.Button("Stop", elem_id="batch-stop", min_width=60, interactive=False)
            go_on = gr.Button("Go on", elem_id="batch-go-on", min_width=70, visible=False)
    return Form(
        *(source, images, examples, images_problem, questions, questions_problem),
        *(files, suite_problem, count, count_problem, variants, variants_problem),
        *(lines, lines_problem, budget, budget_problem, measured, run, stop, go_on),
    )


def shown() -> Shown:
    """The right side: progress and accuracy, then the cases as a gallery and as a matrix."""
    with gr.Column(elem_id="batch-results", scale=1, min_width=320):
        progress = gr.HTML(
            '<p class="quiet">Ask several questions about several images, or open a suite of cases '
            "with known answers. Results appear here as they come.</p>",
            elem_id="batch-progress",
        )
        said = gr.HTML(visible=False)
        accuracy = gr.HTML(visible=False, elem_id="batch-accuracy")
        with gr.Row(elem_id="batch-view"):
            page = gr.Dropdown(
                [("page 1", 1)], value=1, label="Page", visible=False, elem_id="batch-page", **_BARE
            )
        with gr.Tabs(elem_id="batch-views"):
            with gr.Tab("Gallery", elem_id="batch-pictures"):
                columns = gr.Dropdown(
                    [(f"{n} column{'s' if n > 1 else ''}", n) for n in (1, 2, 3, COLUMNS, 6, 8)],
                    value=COLUMNS,
                    label="Columns",
                    elem_id="batch-columns",
                    **_BARE,
                )
                gallery = gr.Gallery(
                    columns=COLUMNS,
                    fit_columns=False,
                    height="auto",
                    object_fit="contain",
                    allow_preview=False,
                    interactive=False,
                    show_label=False,
                    buttons=[],
                    elem_id="batch-gallery",
                )
            with gr.Tab("Matrix"):
                measure = gr.Radio([], show_label=False, container=False, elem_id="batch-measure")
                matrix = gr.Plot(show_label=False, elem_id="batch-matrix", buttons=[])
        picked = gr.Textbox(visible="hidden", elem_id="picked-case")
        timer = gr.Timer(1.0, active=False)
    return Shown(
        *(progress, said, accuracy, page, columns, gallery, measure, matrix, picked, timer)
    )


def sources_shown(chosen: str) -> list[dict[str, Any]]:
    """Updates of images, their button, questions, files and count: what one source needs."""
    needs = (PRODUCT, PRODUCT, PRODUCT, UPLOADED, SHIPPED)
    return [gr.update(visible=chosen == source) for source in needs]


def _problem() -> gr.HTML:
    return gr.HTML(visible=False)
