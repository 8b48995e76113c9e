"""Measure all, or what is named, print a table and write bench/results/engine.json."""

from __future__ import annotations

from collections.abc import Callable

import torch
import transformers

from bench.engine import compare, small
from bench.engine.model import KEEPS, NEW_TOKENS
from bench.figure import Figure
from bench.report import machine, measure_named

FILE = "engine.json"
THREADS = 2
MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "448": lambda: compare.measure(448, THREADS),
    "1024": lambda: compare.measure(1024, THREADS),
    "small": small.measure,
}


def conditions() -> dict[str, object]:
    """What the figures depend on."""
    return machine() | {
        "threads": THREADS,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "dtype": "float32",
        "new tokens": NEW_TOKENS,
        "keep ratios": list(KEEPS),
        "rounds": compare.ROUNDS,
        "model": "random weights, 235 M parameters (448 and 1024); the shipped base (small)",
    }


def main() -> None:
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(THREADS)
    measure_named("python -m bench.engine", __doc__, FILE, MEASUREMENTS, conditions)


if __name__ == "__main__":
    main()
