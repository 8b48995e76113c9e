"""The component's demo in a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

DEMO = Path(__file__).parents[3] / "component" / "demo"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.URLError:
            time.sleep(0.2)
    pytest.fail(f"The demo did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Iterator[str]:
    """The address of `component/demo/app.py`, started as its user would."""
    folder = tmp_path_factory.mktemp("demo")
    port, log = free_port(), folder / "log"
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "cache"),
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=DEMO, env=environment, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("VLMSCOPE_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_demo(demo: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the demo; the test fails when the page reports an error of its own."""
    pages: list[Page] = []
    errors: list[str] = []

    def open_page(width: int = 1440, height: int = 1000, theme: str = "light", **options) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{demo}/?__theme={theme}")
        page.get_by_test_id("map").first.wait_for()
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []
