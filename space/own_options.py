"""The options of each ticked variant, beside the one line that says the same."""

import json
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr

from application import App
from events import QUIET
from layout import Inputs
from menu import Choice
from offer import Offer
from request import with_budget, with_options
from states import States
from vlmscope import InputError, Variant
from vlmscope.variants.arr_coc_head import NAMES
from vlmscope.variants.registry import find_kind

HINTS = {"keep": "25% or 64", "seed": "0"}
"""What may stand in an option; kinds of other packages say it in their own refusals."""
CHOICES = {
    "weights": [("as learned", ""), "equal", "0/0/1", "0.2/0.3/0.5"],
    "without": [("nothing", ""), *NAMES],
}
"""What an option's list offers; what else it takes may be written."""

WRITE = """(own, ...values) => {
  const written = %s.map((name, i) => [name, values[i]]).filter(([, value]) => value);
  return { ...own, [%s]: Object.fromEntries(written) };
}"""
"""In the browser: what stands in a variant's fields, by the variant's id."""

Own = dict[str, dict[str, str]]


def own_options(app: App, form: Inputs, mine: States) -> None:
    """A few fields for each ticked variant, drawn anew when others are ticked or all was set anew."""

    @gr.render(
        inputs=[form.variants, mine.added, mine.own, form.budget],
        triggers=[form.variants.change, mine.fresh.change],
    )
    def fields(ticked: list[str], added: tuple[Choice, ...], own: Own, percent: float) -> None:
        offer = Offer((*app.choices, *added), app.settings.is_private)
        chosen = [choice.variant for choice in offer.choices if choice.variant.id in ticked]
        for variant in chosen:
            if names := _options(variant):
                _fields(variant, names, offer, own, percent, form, mine.own)


def line(variant: Variant, options: Mapping[str, str], percent: float, offer: Offer) -> str:
    """The one line that asks for the same, or why there is none, as HTML."""
    try:
        whole = with_budget(with_options(variant, options), percent)
        bare = replace(whole, id="", title="")  # those are the app's own
    except InputError as problem:
        return f'<p class="problem">{escape(str(problem))}</p>'
    return f'<code class="line">{escape(str(offer.veiled(bare)))}</code>'


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
    own_field: gr.JSON,
) -> None:
    given = own.get(variant.id, {})
    adapters = _adapters(offer) if variant.kind != "lora" and not variant.adapters else []
    names = [*names, *(["lora"] if adapters else [])]
    lists: dict[str, list[Any]] = CHOICES | {"lora": [("none", ""), *adapters]}
    with gr.Column(elem_classes="own", min_width=0):
        gr.HTML(f"<h3>{escape(variant.title)}</h3>", padding=False)
        with gr.Row(equal_height=True):
            boxes = [
                _field(name, given.get(name, ""), lists.get(name), (variant.id, name))
                for name in names
            ]
        shown = gr.HTML(line(variant, given, percent, offer), padding=False)

    def say(percent: float, *values: str | None) -> str:
        written = {name: value for name, value in zip(names, values, strict=True) if value}
        return line(variant, written, percent, offer)

    js = WRITE % (json.dumps(names), json.dumps(variant.id))
    for box in boxes:
        box.change(None, [own_field, *boxes], own_field, js=js, **QUIET)
        box.change(say, [form.budget, *boxes], shown, trigger_mode="always_last", **QUIET)


def _field(
    name: str, value: str, choices: list[Any] | None, key: tuple[str, str]
) -> gr.Textbox | gr.Dropdown:
    # What was written comes from the state, not from the field that stood here before.
    same: dict[str, Any] = {"min_width": 96, "key": key, "preserved_by_key": None}
    if choices is None:
        return gr.Textbox(
            value, label=name, placeholder=HINTS.get(name), max_length=100, max_lines=1, **same
        )
    label = "LoRA beside it" if name == "lora" else name
    return gr.Dropdown(choices, value=value, label=label, allow_custom_value=True, **same)


def _adapters(offer: Offer) -> list[tuple[str, str]]:
    """The adapters that may stand beside a variant, by title and by name."""
    names = {place: name for name, place in offer.places.items()}
    return [
        (choice.variant.title, names[choice.variant.source])
        for choice in offer.choices
        if choice.variant.kind == "lora" and choice.variant.source
    ]
