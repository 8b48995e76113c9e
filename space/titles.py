"""How things are called in the grid: a variant's heading, the line below that, the base."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from vlmscope import Variant
from vlmscope.checkpoints.places import is_hub


def base_name(name: str) -> str:
    """A model id as it is; of a folder its own name, since where it lies is nobody's business."""
    is_id = name.count("/") == 1 and not name.startswith(("/", ".", "~"))
    return name if is_id and not Path(name).exists() else Path(name).name


def base_title(name: str) -> str:
    """What the page calls a base."""
    return "small Qwen3-VL, shipped" if name == "shipped" else base_name(name)


WHOLE = ("baseline", "lora")
"""The kinds that keep every image token."""


def given_title(variant: Variant) -> str:
    """The title that someone gave a variant; empty when it has the one derived from the rest."""
    return "" if replace(variant, title="").title == variant.title else variant.title


def heading(variant: Variant) -> str:
    """The title that someone gave, else the kind and its source."""
    return given_title(variant) or replace(variant, title="", options={}, adapters=()).title


def short_title(variant: Variant) -> str:
    """The heading with what is set, where there is no line for that: `Edges · 50 % · seed 3`."""
    derived, bare = replace(variant, title=""), replace(variant, title="", options={}, adapters=())
    return heading(variant) + derived.title.removeprefix(bare.title)


def without_folder(sentence: str, variant: Variant) -> str:
    """A sentence about a variant with names for its places on the disk: nobody need see where they lie."""
    # The longest first: one may lie in another.
    for source in sorted(variant.sources, key=len, reverse=True):
        if not is_hub(source):
            sentence = sentence.replace(source, Path(source).name)
    return sentence


def settings_line(variant: Variant, notes: Mapping[str, str]) -> str:
    """What is set for a variant, in words: `step 500 · keep 50 % · seed 3`.

    `notes` says something about a source, such as its step.
    """
    note = notes.get(variant.source or "")
    parts = [note] if note else []
    parts += [f"{name} {value.replace('%', ' %')}" for name, value in variant.options.items()]
    parts += [f"LoRA {Path(adapter.rstrip('/')).name}" for adapter in variant.adapters]
    return " · ".join(parts) or ("all tokens" if variant.kind in WHOLE else "")
