"""The component's demo in a real browser."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gradio_comparisongrid import Comparison

HERE = Path(__file__).parent
DEMO = HERE.parents[2] / "component" / "demo"


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
    pytest.fail(f"{process.args} did not start:\n{log.read_text()}")


@contextmanager
def serve(app: Path, folder: Path) -> Iterator[str]:
    """The address of an app, started as its user would."""
    port, log = free_port(), folder / "log"
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "cache"),
        "GRADIO_EXAMPLES_CACHE": str(folder / "examples"),
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, app.name],
            cwd=app.parent,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Iterator[str]:
    """The address of `component/demo/app.py`."""
    with serve(DEMO / "app.py", tmp_path_factory.mktemp("demo")) as url:
        yield url


@pytest.fixture(scope="session")
def places(tmp_path_factory) -> Iterator[str]:
    """The address of `places.py`, beside this file."""
    with serve(HERE / "places.py", tmp_path_factory.mktemp("places")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("VLMSCOPE_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address; the test fails when the page reports an error of its own."""
    pages: list[Page] = []
    errors: list[str] = []

    def open_page(url: str, width: int = 1440, height: int = 1000, **options) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.get_by_test_id("map").first.wait_for()
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture
def open_demo(demo: str, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the demo, light or dark."""

    def open_demo(theme: str = "light", **options) -> Page:
        return open_page(f"{demo}/?__theme={theme}", **options)

    return open_demo


@pytest.fixture(scope="session")
def shown() -> Callable[[int], Comparison]:
    """The demo's own value of so many cells, to check the page against."""
    sys.path.insert(0, str(DEMO))
    try:
        spec = importlib.util.spec_from_file_location("comparison_grid_demo", DEMO / "app.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DEMO))
    return module.comparison
