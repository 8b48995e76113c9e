"""Apps, each in a process of its own, and the browser that opens them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from scripts.browser import find_or_get

GRID = "bench.grid.app"
"""The module whose apps have the grid alone."""
VIEWPORT: ViewportSize = {"width": 1920, "height": 1080}
PATIENCE = 120.0
"""Seconds that an app may take to start."""


@contextmanager
def served(module: str, *arguments: str) -> Iterator[str]:
    """The address of an app that a module starts, running for as long as the context lasts.

    Raises RuntimeError with what the app said when it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        environment = os.environ | {
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_TEMP_DIR": str(Path(folder) / "cache"),
        }
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(address).close()
            return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise RuntimeError(f"The app does not start:\n{log.read_text()}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    with sync_playwright() as playwright:
        path = str(find_or_get(Path(sys.executable)))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, address: str, script: str = "") -> Iterator[Page]:
    """A page that remembers nothing of another; `script` runs in it before its own.

    Raises RuntimeError when the page has reported an error of its own.
    """
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    if script:
        page.add_init_script(script)
    page.goto(address)
    yield page
    context.close()
    if errors:
        raise RuntimeError(f"The page reports: {errors[0]}")
