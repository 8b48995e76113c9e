"""Measure all, or what is named, print a table and write bench/results/grid.json."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.metadata import version

from bench.figure import Figure, table
from bench.report import machine, write

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
    parser = argparse.ArgumentParser(prog="python -m bench.grid", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args().names or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"{unknown[0]} is none of {', '.join(MEASUREMENTS)}")
    for name in names:
        told = conditions()
        figures = MEASUREMENTS[name]()
        write(FILE, list(MEASUREMENTS), name, told, figures)
        print(f"\n{name}\n{table(figures)}", flush=True)
    print("\n" + ", ".join(f"{key}: {value}" for key, value in conditions().items()))


if __name__ == "__main__":
    main()
