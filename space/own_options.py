"""The options of each ticked variant, beside the one line that says the same."""

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr

from application import App
from layout import Inputs
from menu import Choice
from offer import Offer
from request import with_budget, with_options
from vlmscope import InputError, Variant
from vlmscope.variants.registry import find_kind

HINTS = {
    "keep": "25%, 0.25 or a count such as 64",
    "seed": "a whole number, 0 unless given",
    "weights": "head, equal or 0.2/0.3/0.5",
    "without": "information, perspectival or participatory",
}
"""What may stand in an option; kinds of other packages say it in their own refusals."""
NO_ADAPTER = ""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}

Own = dict[str, dict[str, str]]


def own_options(app: App, form: Inputs, added: gr.State, own: gr.State, fresh: gr.State) -> None:
    """A few fields for each ticked variant; `own` has what was written, by variant and option.

    `fresh` changes when `own` was set by something else than these fields, such as a link.
    """

    @gr.render(
        inputs=[form.variants, added, own, form.budget], triggers=[form.variants.change, fresh.change]
    )
    def fields(ticked: list[str], added: tuple[Choice, ...], own: Own, percent: float) -> None:
        offer = Offer((*app.choices, *added), app.settings.is_private)
        chosen = [choice.variant for choice in offer.choices if choice.variant.id in ticked]
        for variant in chosen:
            if names := _options(variant):
                _fields(variant, names, offer, own, percent, form, own_state)

    own_state = own


def line(variant: Variant, options: Mapping[str, str], percent: float, offer: Offer) -> str:
    """The one line that asks for the same, or why there is none, as HTML."""
    try:
        whole = with_budget(with_options(variant, options), percent)
    except InputError as problem:
        return f'<p class="problem">{escape(str(problem))}</p>'
    return f'<code class="line">{escape(str(offer.veiled(whole)))}</code>'


def _options(variant: Variant) -> list[str]:
    known = find_kind(variant.kind).options
    return sorted(known, key=lambda name: (name != "keep", name))


def _fields(
    variant: Variant,
    names: list[str],
    offer: Offer,
    own: Own,
    percent: float,
    form: Inputs,
    own_state: gr.State,
) -> None:
    given = own.get(variant.id, {})
    with gr.Group(elem_classes="own"):
        gr.HTML(f"<h3>{escape(variant.title)}</h3>", padding=False)
        with gr.Row(equal_height=True):
            boxes = [
                gr.Textbox(
                    given.get(name, ""),
                    label=name,
                    placeholder=HINTS.get(name, "the kind's own"),
                    max_length=100,
                    min_width=110,
                    key=(variant.id, name),
                    preserved_by_key=None,
                )
                for name in names
            ]
            adapters = _adapters(offer)
            if adapters and variant.kind != "lora" and not variant.adapters:
                names = [*names, "lora"]
                boxes.append(
                    gr.Dropdown(
                        [("none", NO_ADAPTER), *adapters],
                        value=given.get("lora", NO_ADAPTER),
                        label="LoRA beside it",
                        allow_custom_value=True,
                        min_width=110,
                        key=(variant.id, "lora"),
                        preserved_by_key=None,
                    )
                )
        shown = gr.HTML(line(variant, given, percent, offer), padding=False)

    def change(own: Own, percent: float, *values: str | None) -> tuple[Own, str]:
        written = {name: value for name, value in zip(names, values, strict=True) if value}
        return {**own, variant.id: written}, line(variant, written, percent, offer)

    for box in boxes:
        box.input(
            change,
            [own_state, form.budget, *boxes],
            [own_state, shown],
            trigger_mode="always_last",
            **QUIET,
        )


def _adapters(offer: Offer) -> list[tuple[str, str]]:
    """The adapters that may stand beside a variant, by title and by name."""
    names = {place: name for name, place in offer.places.items()}
    return [
        (choice.variant.title, names[choice.variant.source])
        for choice in offer.choices
        if choice.variant.kind == "lora" and choice.variant.source
    ]
