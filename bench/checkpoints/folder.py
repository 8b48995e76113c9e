"""A folder of 500 heads, half of them safetensors and half of them .pt: listed, and listed again."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from tests.support.heads import make_state, save_head

from bench.figure import Figure
from bench.stats import median
from vlmscope import discover
from vlmscope.checkpoints.index import Index

COUNT, HIDDEN, REPEATS = 500, 2048, 5
MOST_FIRST, MOST_AGAIN = 2.0, 0.2


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place, "runs")
        state = make_state(HIDDEN)
        for step in range(COUNT // 2):
            save_head(runs / f"step-{step}" / "model.safetensors", HIDDEN, {"epoch": "3"}, state)
            told = {"model_state_dict": state, "global_step": step, "metrics": {"accuracy": 0.5}}
            torch.save(told, runs / f"late_step-{step}.pt")
        first, again, plain = [], [], []
        for repeat in range(REPEATS):
            index = Path(place, f"index-{repeat}")
            first.append(_listed(runs, index))
            again.append(_listed(runs, index))
            plain.append(_loaded(runs))
    ratio = median(plain) / median(first)
    return [
        Figure("500 checkpoints, listed", median(first), "s", MOST_FIRST, runs=first),
        Figure("500 checkpoints, listed again", median(again), "s", MOST_AGAIN, runs=again),
        Figure(
            "500 checkpoints, times faster than loading them",
            ratio,
            runs=plain,
            note=f"{median(plain):.2f} / {median(first):.2f} s",
        ),
    ]


def _listed(runs: Path, index: Path) -> float:
    start = time.perf_counter()
    found = discover(runs, index=Index(index))
    took = time.perf_counter() - start
    assert len(found) == COUNT and all(each.kind == "arr-coc" for each in found)
    return took


def _loaded(runs: Path) -> float:
    start = time.perf_counter()
    for path in runs.rglob("*"):
        if path.suffix == ".pt":
            torch.load(path, weights_only=True)
        elif path.suffix == ".safetensors":
            load_file(path)
    return time.perf_counter() - start
