"""Visitors with gradio_client: each comes, compares an example, reads, waits a little and comes again."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from bench.load.seen import Asked, Seen, refused_or_error, told
from vlmscope.engine.loading import shipped_folder

EXAMPLES = sorted((shipped_folder().parent / "examples").glob("*.png"))
VARIANTS = ["baseline", "random:keep=50%", "uniform:keep=25%"]
STOPS = 0.1
"""How many of the comparisons are taken back half-way."""
LOOKS_EVERY = 0.05
AFTERWARDS = 60


def address_of(visitor: int) -> dict[str, str]:
    """From where a visitor comes, as a proxy says it; each from one for benchmarks (RFC 2544)."""
    return {"X-Forwarded-For": f"198.18.{visitor // 250}.{visitor % 250 + 1}"}


def visit(address: str, seen: Seen, visitor: int) -> None:
    """One visitor, until it is over."""
    chance = random.Random(visitor)
    time.sleep(chance.uniform(0, 3))
    while not seen.is_over:
        asked = seen.asks(visitor, "gradio_client")
        try:
            client = Client(address, headers=address_of(visitor), verbose=False)
            _compare(client, seen, asked, chance)
        except AppError as refused:
            asked.said = str(refused)
            asked.outcome = refused_or_error(asked.said)
        except Exception as fault:
            asked.said = f"{type(fault).__name__}: {fault}"
            asked.outcome = refused_or_error(asked.said)
        time.sleep(chance.uniform(1, 4))


def _compare(client: Client, seen: Seen, asked: Asked, chance: random.Random) -> None:
    job = client.submit(
        image=handle_file(chance.choice(EXAMPLES)),
        question=f"How many triangles are there? {asked.mark}",
        variants=VARIANTS,
        api_name="/compare",
    )
    ends_early = chance.random() < STOPS
    patience = time.monotonic() + chance.uniform(0.2, 5)
    standings: list[tuple[float, float | None]] = []
    has_begun = False
    read = 0
    while True:
        outputs = job.outputs()
        for told_so_far in outputs[read:]:
            document: dict[str, Any] = dict(told_so_far)
            now = time.monotonic()
            asked.reads(json.dumps(document))
            if "line" in document:
                standings.append((now, document["line"]["seconds"]))
            elif not has_begun:
                has_begun = True
                asked.waits = told(standings, now)
        read = len(outputs)
        if job.done() and len(job.outputs()) == read:
            break
        if ends_early and time.monotonic() > patience:
            job.cancel()
            asked.outcome = "stopped"
            return
        if time.monotonic() > seen.ends + AFTERWARDS:
            asked.said = f"Not ended {AFTERWARDS} s after the load: {job.outputs()[-1:]}"
            return
        time.sleep(LOOKS_EVERY)
    document = job.result(timeout=1)
    is_its_own = asked.mark in document["question"]
    is_whole = all(each["status"] == "done" for each in document["variants"])
    asked.outcome = "answered" if is_its_own and is_whole else "error"
    asked.said = "" if is_whole else json.dumps(document)[:300]


def crowd(address: str, seen: Seen, visitors: range) -> list[threading.Thread]:
    """All of them, each in a thread of its own."""
    threads = [
        threading.Thread(target=visit, args=(address, seen, number), daemon=True)
        for number in visitors
    ]
    for thread in threads:
        thread.start()
    return threads
