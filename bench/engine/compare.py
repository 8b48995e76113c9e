"""N variants together against plain `generate` for each, and against one variant.

Interleaved runs of one process; every image is another one, so that nothing is remembered.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image
from transformers.generation.streamers import BaseStreamer

from bench.engine.memory import MIB, peak_of
from bench.engine.model import KEEPS, NEW_TOKENS, QUERY, lines, picture, plainly, random_base
from bench.figure import Figure
from bench.stats import median
from vlmscope import SharedBase, Token, compare, run

VARIANTS = 8
ROUNDS = 3
LIMITS = {448: (3.2, 2.4), 1024: (3.3, 2.3)}
"""At least so many times faster than plain `generate`, at most so many times one variant."""


def measure(side: int, threads: int) -> list[Figure]:
    base = random_base(side, threads)
    seeds = iter(range(10_000))
    ways: dict[str, Callable[[], tuple[float, float, float]]] = {
        "plain": lambda: timed(lambda first: plain(base, side, seeds, first)),
        "one": lambda: timed(lambda first: together(base, side, seeds, 1, first)),
        "all": lambda: timed(lambda first: together(base, side, seeds, VARIANTS, first)),
    }
    for way in ways.values():
        way()  # warming up
    runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            runs[name].append(way())
    return [*speed(side, runs), *memory(base, side, threads), *where(base, side, seeds, runs)]


def timed(work: Callable[[Callable[[], None]], None]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds, and seconds to what the work calls its first token."""
    gc.collect()
    firsts: list[float] = []
    wall, cpu = time.perf_counter(), time.process_time()
    work(lambda: firsts.append(time.perf_counter()))
    return time.perf_counter() - wall, time.process_time() - cpu, firsts[0] - wall


class Watch(BaseStreamer):
    """Tells when `generate` has its first new token: the prompt comes first."""

    def __init__(self, first: Callable[[], None]) -> None:
        self._first, self._seen = first, 0

    def put(self, value: Any) -> None:
        self._seen += 1
        if self._seen == 2:
            self._first()

    def end(self) -> None:
        pass


def plain(base: SharedBase, side: int, seeds: Iterator[int], first: Callable[[], None]) -> None:
    image = picture(side, next(seeds))
    for i in range(VARIANTS):
        plainly(base, image, KEEPS[i % len(KEEPS)], Watch(first))


def together(
    base: SharedBase, side: int, seeds: Iterator[int], count: int, first: Callable[[], None]
) -> None:
    image = picture(side, next(seeds))
    for event in compare(base, image, QUERY, lines(count), max_new_tokens=NEW_TOKENS):
        if isinstance(event, Token):
            first()


def speed(side: int, runs: dict[str, list[tuple[float, float, float]]]) -> list[Figure]:
    faster, longer = LIMITS[side]
    figures = []
    for place, clock in ((0, "wall"), (1, "processor")):
        gain = [p[place] / a[place] for p, a in zip(runs["plain"], runs["all"], strict=True)]
        cost = [a[place] / o[place] for a, o in zip(runs["all"], runs["one"], strict=True)]
        is_wall = clock == "wall"
        figures += [
            Figure(
                f"{VARIANTS} variants, {clock} seconds: times faster than plain generate",
                median(gain),
                limit=faster if is_wall else None,
                at_least=True,
                runs=gain,
                note=f"{told(runs, 'plain', place)} / {told(runs, 'all', place)} s",
            ),
            Figure(
                f"{VARIANTS} variants, {clock} seconds: times one variant",
                median(cost),
                limit=longer if is_wall else None,
                runs=cost,
                note=f"{told(runs, 'all', place)} / {told(runs, 'one', place)} s",
            ),
        ]
    first = [a[2] / p[2] for a, p in zip(runs["all"], runs["plain"], strict=True)]
    return [
        *figures,
        Figure(
            "first token of the first row: times plain generate's",
            median(first),
            limit=1.1,
            runs=first,
            note=f"{told(runs, 'all', 2)} / {told(runs, 'plain', 2)} s",
        ),
    ]


def told(runs: dict[str, list[tuple[float, float, float]]], name: str, place: int) -> str:
    return f"{median([run[place] for run in runs[name]]):.2f}"


def memory(base: SharedBase, side: int, threads: int) -> list[Figure]:
    """How much more the process needs at most for all variants than for one."""
    more = peak_of(side, VARIANTS, threads) - peak_of(side, 1, threads)
    config = base.model.config.get_text_config()
    pixels = base.pixels(Image.fromarray(picture(side, 0)))
    longest = base.prompt(QUERY, pixels).ids.numel() + NEW_TOKENS
    width = config.num_key_value_heads * config.head_dim
    cache = 2 * config.num_hidden_layers * width * longest * 4 / MIB
    return [
        Figure(
            "peak memory over one variant, in KV caches of the longest row",
            more / cache,
            limit=1.15 * 9,
            note=f"{more:.0f} MiB; a cache of {longest} tokens has {cache:.1f} MiB",
        )
    ]


def where(
    base: SharedBase,
    side: int,
    seeds: Iterator[int],
    runs: dict[str, list[tuple[float, float, float]]],
) -> list[Figure]:
    """Where the time of all variants goes, and how far it is from what it must take.

    It must take one vision pass, each row's own prefill, and a decode that costs what one row's does,
    since it reads the weights once for all rows.
    """
    image = picture(side, next(seeds))
    all_ = run(base, image, QUERY, lines(VARIANTS), max_new_tokens=NEW_TOKENS)
    one = run(
        base, image, QUERY, ["baseline"], mode="measured", repeats=2, max_new_tokens=NEW_TOKENS
    )
    vision = one["baseline"].metrics["vision_s"]
    prefills = sum(result.metrics["prefill_s"] for result in all_.results)
    selects = sum(result.metrics["select_s"] for result in all_.results)
    alone = one["baseline"].metrics["decode_s"]
    total = median([wall for wall, _, _ in runs["all"]])
    bound = vision + prefills + alone
    decode = total - vision - prefills - selects
    return [
        Figure(
            "times the bound of one vision pass, every prefill and one row's decode",
            total / bound,
            note=f"{total:.2f} s = vision {vision:.2f} + prefills {prefills:.2f} + selection "
            f"{selects:.3f} + decode and all else {decode:.2f}, where one row's decode is {alone:.2f}",
        )
    ]
