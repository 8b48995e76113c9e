"""Measure all, or what is named, print a table and write bench/results/engine.json."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
import transformers

from bench.engine import compare, small
from bench.engine.model import KEEPS, NEW_TOKENS
from bench.figure import Figure, table
from bench.report import machine, write

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
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    names = parser.parse_args().names or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"{unknown[0]} is none of {', '.join(MEASUREMENTS)}")
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(THREADS)
    for name in names:
        told = conditions()
        figures = MEASUREMENTS[name]()
        write(FILE, list(MEASUREMENTS), name, told, figures)
        print(f"\n{name}\n{table(figures)}", flush=True)
    print("\n" + ", ".join(f"{key}: {value}" for key, value in conditions().items()))


if __name__ == "__main__":
    main()
