"""The app's page on the shipped base, as it is built at start, with another engine in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

import vlmscope
from vlmscope.engine.loading import shipped_folder

SPACE = Path(__file__).parents[2] / "space"
ASSETS = shipped_folder().parent


def built(compare: Callable[..., Any]) -> tuple[gr.Blocks, dict[str, Any]]:
    """The page, and what it is launched with; `compare` takes the place of the engine's."""
    # Before the app's modules take the engine's from there.
    setattr(vlmscope, "compare", compare)  # noqa: B010
    sys.path.insert(0, str(SPACE))
    from application import App
    from examples import read_examples
    from menu import fitting, menu
    from page import build, launch_options
    from settings import Settings
    from shelf import Shelf
    from vlmscope import SharedBase
    from vlmscope.checkpoints.hub import Hub

    base, settings = SharedBase.load(device="cpu"), Settings()
    shelf = Shelf.of(settings, [str(ASSETS / "checkpoints")], Hub(), base)
    offered, _ = fitting(shelf.look().records, shelf.fits)
    app = App(base, settings, menu(offered), read_examples(ASSETS / "examples"), shelf)
    return build(app), launch_options()
