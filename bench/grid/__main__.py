"""Measure all, or what is named, print a table and write bench/results/grid.json."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from . import bundle, first_paint, frames, images, settings, stream
from .figure import Figure, table
from .serving import VIEWPORT, chromium

RESULTS = Path(__file__).parent.parent / "results" / "grid.json"
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
        return {
            "date": datetime.date.today().isoformat(),
            "browser": f"Chromium {browser.version}, headless",
            "viewport": "{width} × {height}".format(**VIEWPORT),
            "cores": os.cpu_count(),
            "load before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
            "processor": processor(),
            "python": platform.python_version(),
            "gradio": version("gradio"),
        }


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "")


def kept() -> dict[str, dict]:
    """What earlier runs have written, by measurement."""
    return json.loads(RESULTS.read_text())["measurements"] if RESULTS.is_file() else {}


def write(name: str, told: dict[str, object], figures: list[Figure]) -> None:
    """Put one measurement in the place of its last run; the others stay."""
    found = [asdict(one) | {"met": one.met} for one in figures]
    measurements = kept() | {name: {"conditions": told, "figures": found}}
    RESULTS.parent.mkdir(exist_ok=True)
    ordered = {key: measurements[key] for key in MEASUREMENTS if key in measurements}
    text = json.dumps({"measurements": ordered}, ensure_ascii=False, indent=1, default=float)
    RESULTS.write_text(f"{text}\n")


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
        write(name, told, figures)
        print(f"\n{name}\n{table(figures)}", flush=True)
    print("\n" + ", ".join(f"{key}: {value}" for key, value in conditions().items()))


if __name__ == "__main__":
    main()
