"""How soon the places of people who leave without a word are somebody else's."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from bench.load.programs import EXAMPLES, address_of

ROUNDS = 5
FIRST = 1000
"""The number of the first of these visitors; each has an address of its own."""
LONG = [f"random:keep=90%,seed={number}" for number in range(8)]
SHORT = ["baseline"]
PATIENCE = 120.0


def freed(address: str, places: int) -> list[float]:
    """Seconds from when all who had a place closed their connections until the next one's answer."""
    seconds = []
    for first in range(FIRST, FIRST + 10 * ROUNDS, 10):
        with ExitStack() as holding:
            for number in range(places):
                holding.enter_context(_asked(address, first + number, LONG, "measured"))
            with _asked(address, first + 9, SHORT, "together") as following:
                if "line" not in next(following):
                    raise RuntimeError("Nobody had to wait; nothing is measured.")
                left = time.monotonic()
                holding.close()
                _answer(following)
                seconds.append(time.monotonic() - left)
    return seconds


def alone(address: str) -> list[float]:
    """Seconds until that answer when nobody else is there."""
    seconds = []
    for number in range(FIRST + 500, FIRST + 500 + ROUNDS):
        begun = time.monotonic()
        with _asked(address, number, SHORT, "together") as documents:
            _answer(documents)
        seconds.append(time.monotonic() - begun)
    return seconds


@contextmanager
def _asked(
    address: str, visitor: int, variants: list[str], mode: str
) -> Iterator[Iterator[dict[str, Any]]]:
    """The documents of a comparison as they come; the connection ends with the context."""
    with httpx.Client(
        base_url=f"{address}gradio_api/", headers=address_of(visitor), timeout=PATIENCE
    ) as client:
        sent = client.post("upload", files={"files": (EXAMPLES[0].name, EXAMPLES[0].read_bytes())})
        image = {"path": sent.json()[0], "meta": {"_type": "gradio.FileData"}}
        data = [image, "How many triangles are there?", variants, "", 50, mode, 64]
        begun = client.post("call/compare", json={"data": data}).json()
        with client.stream("GET", f"call/compare/{begun['event_id']}") as answer:
            yield _documents(answer)


def _documents(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    event = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: ") and event in ("generating", "complete", "error"):
            told = json.loads(line.removeprefix("data: "))
            if event == "error":
                raise RuntimeError(f"The comparison is refused: {told}")
            yield told[0]


def _answer(documents: Iterator[dict[str, Any]]) -> None:
    for document in documents:
        if "line" not in document:
            return
    raise RuntimeError("The comparison ended without an answer.")
