"""Start the app of a Space's folder by itself, open its page and ask it a first comparison."""

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from gradio_client import Client, handle_file

from refusal import Refused
from space_alone import Alone

# A machine that does other things at the same time is slow, not wrong.
START_SECONDS = 240
QUESTION = "How many triangles are there?"
EXAMPLE = "vlmscope/assets/examples/scene-05.png"
APP = 'runpy.run_path("app.py", run_name="__main__")'
LAST_LINES = 15


@contextmanager
def started(space: Alone) -> Iterator[str]:
    """The address of the app, which runs on the base that ships while this is open.

    Raises Refused with what it said when it does not start.
    """
    app = space.process(APP, {})
    try:
        yield _address(app)
    finally:
        app.kill()
        app.wait()


def first_comparison(space: Alone) -> str:
    """Start the app, open its page, compare; gives what was seen, in one line.

    Raises Refused when the page does not come, or a variant has no answer.
    """
    begun = time.monotonic()
    with started(space) as address:
        ready = time.monotonic()
        _open_page(address)
        variants = _compare(address, space.folder / EXAMPLE)
        compared = time.monotonic()
    for each in variants:
        if each["status"] != "done" or not each["answer"].strip():
            raise Refused(
                f"The first comparison of the Space's folder did not end well: {each['variant']} is "
                f"{each['status']}, {each['error'] or 'without an answer'}."
            )
    answers = ", ".join(f"{each['id']} {each['answer']}" for each in variants)
    return f"started in {ready - begun:.0f} s, compared in {compared - ready:.0f} s: {answers}"


def _open_page(address: str) -> None:
    """Raises Refused where the page or the grid's own code does not come."""
    try:
        with urllib.request.urlopen(f"{address}/config", timeout=60) as answer:
            config = json.load(answer)
        grid = next(c for c in config["components"] if c["type"] == "comparisongrid")
        asset = (
            f"gradio_api/custom_component/{grid['component_class_id']}/client/component/index.js"
        )
        for path in ("", asset):
            urllib.request.urlopen(f"{address}/{path}", timeout=60).close()
    except (OSError, StopIteration) as problem:
        raise Refused(f"The page of the Space's folder does not come: {problem!r}") from problem


def _compare(address: str, image: Path) -> list[dict[str, Any]]:
    try:
        client = Client(address, verbose=False)
        told = client.predict(image=handle_file(image), question=QUESTION, api_name="/compare")
    except Exception as problem:
        raise Refused(
            f"The first comparison of the Space's folder failed: {str(problem).splitlines()[0]}"
        ) from problem
    return told["variants"]


def _address(app: subprocess.Popen) -> str:
    """Where the app listens, once it says so; raises Refused with its last lines if it does not."""
    said: list[str] = []
    lines: Queue[str] = Queue()
    Thread(target=_read, args=(app, lines), daemon=True).start()
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            said.append(lines.get(timeout=0.5))
        except Empty:
            if app.poll() is None:
                continue
            break
        found = re.search(r"ready after .*: (http://\S+)", said[-1])
        if found:
            return found[1]
    how = f"took more than {START_SECONDS} s" if app.poll() is None else "ended at its start"
    last = "".join(said[-LAST_LINES:]).rstrip()
    raise Refused(f"The app of the Space's folder {how}:\n{last}")


def _read(app: subprocess.Popen, lines: Queue[str]) -> None:
    """Every line, also after the start: a pipe that no one reads stops who writes."""
    assert app.stdout
    for line in app.stdout:
        lines.put(line)
