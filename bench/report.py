"""Where measurements are kept, and the conditions that every one of them depends on."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.figure import Figure, table

RESULTS = Path(__file__).parent / "results"


def measure_named(
    prog: str,
    about: str | None,
    file: str,
    measurements: Mapping[str, Callable[[], list[Figure]]],
    conditions: Callable[[], dict[str, object]],
) -> None:
    """The command of a bench: measure all, or what is named; print each table and keep its figures."""
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(measurements))
    names = parser.parse_args().names or list(measurements)
    unknown = [name for name in names if name not in measurements]
    if unknown:
        parser.error(f"{unknown[0]} is none of {', '.join(measurements)}")
    for name in names:
        told = conditions()
        figures = measurements[name]()
        write(file, list(measurements), name, told, figures)
        print(f"\n{name}\n{table(figures)}", flush=True)
    print("\n" + ", ".join(f"{key}: {value}" for key, value in conditions().items()))


def machine() -> dict[str, object]:
    """The date, the processor and how busy it was."""
    return {
        "date": datetime.date.today().isoformat(),
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "processor": _processor(),
        "python": platform.python_version(),
    }


def write(
    file: str, order: Sequence[str], name: str, told: dict[str, object], figures: list[Figure]
) -> None:
    """Put one measurement of a file in the place of its last run; the others stay."""
    place = RESULTS / file
    before = json.loads(place.read_text())["measurements"] if place.is_file() else {}
    found = [asdict(one) | {"met": one.met} for one in figures]
    measurements = before | {name: {"conditions": told, "figures": found}}
    ordered = {key: measurements[key] for key in order if key in measurements}
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"measurements": ordered}, ensure_ascii=False, indent=1, default=float)
    place.write_text(f"{text}\n")


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
