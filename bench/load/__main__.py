"""Load the app with visitors, print a table, and write bench/results/load.json when the load was whole."""

from __future__ import annotations

import argparse
import os
import threading
import time
from importlib.metadata import version

from bench.figure import Figure, table
from bench.load import leaving, pages, programs
from bench.load.figures import of_leaving, of_memory, of_visitors
from bench.load.seen import Seen
from bench.load.server import served
from bench.report import machine, write

FILE, NAME = "load.json", "visitors"
VISITORS, SECONDS, PAGES = 50, 300.0, 4
AFTERWARDS = 300.0
"""Seconds beyond its own that the load may take: to start, to end what runs, and to measure leaving."""
PLACES = 2


def conditions(visitors: int, seconds: float, in_browsers: int) -> dict[str, object]:
    """What the figures depend on; visitors share the machine with the server."""
    return machine() | {
        "gradio": version("gradio"),
        "base": "shipped",
        "visitors": f"{visitors} at once for {seconds:g} s, {in_browsers} of them in Chromium, on the "
        "same machine",
        "comparisons": f"{len(programs.VARIANTS)} variants on an example",
        "places": PLACES,
    }


def load(visitors: int, seconds: float, in_browsers: int) -> list[Figure]:
    """The figures of a load by so many visitors, some of them in a browser."""
    over = threading.Event()
    with served(USERS=str(PLACES)) as server:
        alone = leaving.alone(server.address)
        left = leaving.freed(server.address, PLACES)
        seen = Seen(seconds)
        watch = threading.Thread(target=server.watch, args=(over,), daemon=True)
        watch.start()
        threads = programs.crowd(server.address, seen, range(visitors - in_browsers))
        pages.crowd(server.address, seen, range(visitors - in_browsers, visitors))
        time.sleep(max(0.0, seen.ends - time.monotonic()))
        over.set()
        for thread in threads:
            thread.join(max(0.1, seen.ends + AFTERWARDS / 2 - time.monotonic()))
        return [
            *of_visitors(seen, visitors),
            *of_memory(server, seconds),
            *of_leaving(left, alone),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--pages", type=int, default=PAGES, help="how many of them use a browser")
    asked = parser.parse_args()
    in_browsers = min(asked.pages, asked.visitors)
    # Whatever hangs: the app is a process group of its own, which its context ends on this too.
    bound = threading.Timer(asked.seconds + AFTERWARDS + 240, _give_up)
    bound.daemon = True
    bound.start()
    told = conditions(asked.visitors, asked.seconds, in_browsers)
    figures = load(asked.visitors, asked.seconds, in_browsers)
    bound.cancel()
    print(table(figures))
    if asked.visitors >= VISITORS and asked.seconds >= SECONDS:
        write(FILE, [NAME], NAME, told, figures)
    else:
        print(f"A load of {VISITORS} visitors for {SECONDS:g} s is kept; this one is not.")


def _give_up() -> None:
    """End this process as Ctrl+C does, so that every context is left."""
    os.kill(os.getpid(), 2)


if __name__ == "__main__":
    main()
