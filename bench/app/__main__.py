"""Measure all, or what is named, print a table and write bench/results/app.json."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from bench.app import cost, stream
from bench.figure import Figure
from bench.report import machine, measure_named

FILE = "app.json"
MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "cost": cost.measure,
    "stream": stream.measure,
}


def conditions() -> dict[str, object]:
    """What the figures depend on."""
    return machine() | {
        "gradio": version("gradio"),
        "base": "shipped",
        "variants": cost.VARIANTS,
        "rounds": cost.ROUNDS,
        "engine": "replaced by the stored events of a first comparison, at their pace (cost), or by "
        "answers of 120 steps a second (stream)",
    }


def main() -> None:
    measure_named("python -m bench.app", __doc__, FILE, MEASUREMENTS, conditions)


if __name__ == "__main__":
    main()
