"""Measure all, or what is named, print a table and write bench/results/grid.json."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from bench.figure import Figure
from bench.report import machine, measure_named

from . import bundle, first_paint, frames, images, settings, stream
from .serving import VIEWPORT, chromium

FILE = "grid.json"
MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "frames": frames.measure,
    "stream": stream.measure,
    "settings": settings.measure,
    "first_paint": first_paint.measure,
    "images": images.measure,
    "bundle": bundle.measure,
}


def conditions() -> dict[str, object]:
    """What the figures depend on."""
    with chromium() as browser:
        return machine() | {
            "browser": f"Chromium {browser.version}, headless",
            "viewport": "{width} × {height}".format(**VIEWPORT),
            "gradio": version("gradio"),
        }


def main() -> None:
    measure_named("python -m bench.grid", __doc__, FILE, MEASUREMENTS, conditions)


if __name__ == "__main__":
    main()
