"""Measure all, or what is named, print a table and write bench/results/checkpoints.json."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bench.checkpoints import folder, large
from bench.figure import Figure
from bench.report import machine, measure_named

MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "large": large.measure,
    "folder": folder.measure,
}


def conditions() -> dict[str, object]:
    """What the figures depend on."""
    return machine() | {"torch": torch.__version__}


def main() -> None:
    measure_named(
        "python -m bench.checkpoints", __doc__, "checkpoints.json", MEASUREMENTS, conditions
    )


if __name__ == "__main__":
    main()
