"""Start the app of a Space's folder by itself, open its page and ask it a first comparison."""

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file

from listening import NotReady, address_of
from refusal import Refused
from space_alone import Alone

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
        yield address_of(app)
    except NotReady as problem:
        last = "".join(problem.said[-LAST_LINES:]).rstrip()
        raise Refused(f"The app of the Space's folder {problem.how}:\n{last}") from None
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
