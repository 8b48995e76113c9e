"""A strip above the comparison on a Space: what the owner of a duplicate may set, or how to have one."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import gradio as gr

from application import App
from events import QUIET

HUB = "https://huggingface.co/spaces"
DISMISS = """
const kept = "vlmscope-dismissed", strip = element.querySelector("#first-run");
const hide = () => element.closest(".block").style.setProperty("display", "none", "important");
try {
  if (localStorage.getItem(kept) === strip.dataset.says) hide();
} catch {}  // a browser that keeps nothing for a frame
strip.querySelector("button").addEventListener("click", () => {
  try { localStorage.setItem(kept, strip.dataset.says); } catch {}
  hide();
});
"""
"""In the browser: taken away for good, until it says something else."""
DUPLICATE = "() => { window.open(%s, '_blank', 'noopener') }"


@dataclass(frozen=True)
class Unset:
    """Something that the owner of a duplicate has not set: how it is set, and what happens without."""

    name: str
    how: str
    without: str


def unset(app: App) -> Iterator[Unset]:
    """What is worth a look in the settings of a duplicate, the weightiest first."""
    set_ = app.settings
    if app.base.device.type == "cpu":
        base = "the small base that ships, which knows drawn scenes alone"
        runs = base if app.base.name == "shipped" else "this base, slowly"
        yield Unset(
            "a GPU", "a choice of hardware: T4 small holds Qwen3-VL-2B", f"a CPU runs {runs}"
        )
    if not set_.hub:
        yield Unset(
            "HUB",
            "a variable: repositories of checkpoints, such as owner/name",
            "those that ship are offered, others are looked for in Checkpoints",
        )
    if set_.secret is None:
        yield Unset(
            "SECRET",
            "a secret of 16 characters or more",
            "a restart forgets which browser is whose",
        )
    if set_.history is None:
        yield Unset(
            "HISTORY",
            "a variable: a folder on storage that lasts, attached to the Space",
            "a history ends an hour after the last page is closed, and at a restart",
        )


def welcome(app: App) -> None:
    """Build the strip; there is none but on a Space."""
    space, where = app.settings.space, app.settings.where
    if space is None or not where.is_space:
        return
    if where.is_public:
        _invitation(space)
    elif where.kind == "duplicate" and (missing := tuple(unset(app))):
        gr.HTML(
            first_run(space, missing),
            js_on_load=DISMISS,
            apply_default_css=False,
            elem_classes="above",
        )


def first_run(space: str, missing: tuple[Unset, ...]) -> str:
    """The owner's strip: one line, which opens to a line for each."""
    rows = "".join(
        f"<dt>{escape(each.name)}</dt><dd>{escape(each.how)}; "
        f"<span>without, {escape(each.without)}.</span></dd>"
        for each in missing
    )
    names = [each.name for each in missing]
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    says = hashlib.sha256(json.dumps([space, names]).encode()).hexdigest()
    settings = f"{HUB}/{escape(space)}/settings"
    return (
        f'<div id="first-run" class="strip" data-says="{says}"><details>'
        f"<summary><b>Your own vlmscope</b> runs without {escape(listed)}</summary>"
        f'<dl>{rows}</dl><p><a href="{settings}" target="_blank" rel="noopener">Open the settings of '
        "this Space</a>; it starts anew with what you set.</p></details>"
        '<button type="button" aria-label="Dismiss this note" title="Dismiss">×</button></div>'
    )


def _invitation(space: str) -> None:
    with gr.Row(elem_id="invitation", elem_classes="strip"):
        gr.HTML("<p>Test your own checkpoints in private, in a copy of this Space.</p>")
        button = gr.DuplicateButton(
            "Duplicate this Space", variant="secondary", _activate=False, elem_id="duplicate"
        )
    address = json.dumps(f"{HUB}/{space}?duplicate=true")
    button.click(None, js=DUPLICATE % address, **QUIET)
