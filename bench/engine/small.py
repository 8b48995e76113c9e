"""The base that ships: eight variants from call to last token."""

from __future__ import annotations

import time

from bench.figure import Figure
from bench.stats import median
from vlmscope import SharedBase, run
from vlmscope.engine.loading import shipped_folder

QUERY = "Describe the image."
LINES = (
    "baseline",
    "random:keep=50%",
    "uniform:keep=50%",
    "downsample:keep=50%",
    "saliency:keep=25%",
    "center:keep=25%",
    "pool:keep=25%",
    "divprune:keep=25%",
)
ROUNDS = 7


def measure() -> list[Figure]:
    base = SharedBase.load(device="cpu")
    scenes = sorted((shipped_folder().parent / "examples").glob("*.png"))
    seconds, tokens = [], 0
    for i in range(ROUNDS + 1):
        image = scenes[i % len(scenes)]
        begun = time.perf_counter()
        done = run(base, image, QUERY, LINES)
        seconds.append(time.perf_counter() - begun)
        tokens = max(len(result.token_ids) for result in done.results)
    runs = seconds[1:]
    return [
        Figure(
            "8 variants on the shipped base, call to last token",
            median(runs),
            "s",
            1.5,
            runs=runs,
            note=f"the last one's longest answer has {tokens} tokens",
        )
    ]
