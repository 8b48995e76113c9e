"""Take the pictures of the app for the README and for a look: screenshot.py [FOLDER].

Starts the app on a free port with an empty history, lives a little with it, and saves every tab light, dark
and narrow. HOST, PORT, BASE and CHECKPOINTS reach the app.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

import browser
from listening import address_of
from stamps import ROOT

EXAMPLE = 4  # one that tells the variants apart
CASES = 8
CARD = "influence_step-0600"
PATIENCE_MS = 300_000
VIEWS = {
    "light": {"viewport": {"width": 1440, "height": 860}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 860}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 800}, "color_scheme": "light"},
}


def go_to(page: Page, tab: str) -> None:
    """Open a tab, also one that a narrow window has put into a menu."""
    button = page.get_by_role("tab", name=tab, exact=True)
    if not button.is_visible():
        page.locator("#tabs .overflow-menu > button").first.click()
        button = page.locator("#tabs .overflow-dropdown button", has_text=tab)
    button.click()


def compared(page: Page) -> None:
    """A finished comparison, with the crosshair on a token where there is room for a pointer."""
    page.locator("#examples button").nth(EXAMPLE).click()
    stop = page.get_by_role("button", name="Stop", exact=True).first
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_function("stop => !stop.disabled", arg=stop.element_handle())
    page.wait_for_function("stop => stop.disabled", arg=stop.element_handle())
    page.locator("#figures table").wait_for()
    viewport = page.viewport_size
    if viewport and viewport["width"] > 600:
        picture = page.get_by_test_id("picture").nth(1)
        box = picture.bounding_box()
        assert box
        picture.hover(position={"x": box["width"] * 0.55, "y": box["height"] * 0.45})


def inside(page: Page) -> None:
    """The internals of the last ARR-COC variant."""
    page.locator("#inside > button").click()
    page.get_by_role("button", name="Look inside").click()
    page.locator("#inside-told table").wait_for()


def batch(page: Page) -> None:
    """The first cases of the suite that ships, with their accuracy."""
    go_to(page, "Batch")
    page.get_by_label("Held-out suite").check()
    page.locator("#batch-count input").first.fill(str(CASES))
    page.locator("#batch-run").click()
    page.locator("#batch-progress").get_by_text("Done").wait_for()


def matrix(page: Page) -> None:
    """The same cases as a matrix."""
    page.get_by_role("tab", name="Matrix").click()
    page.locator("#batch-matrix .nsewdrag").first.wait_for()


def checkpoints(page: Page) -> None:
    """The checkpoints, with the card of one that ships."""
    go_to(page, "Checkpoints")
    page.locator("#checkpoints .virtual-row").get_by_text(CARD, exact=True).click()
    page.locator("#card h2").wait_for()


def history(page: Page) -> None:
    """What was compared, the latest comparison picked."""
    go_to(page, "History")
    page.locator("#history-entries [data-entry]").last.click()
    page.locator("#history-details h2").wait_for()


def about(page: Page) -> None:
    go_to(page, "About")
    page.get_by_text("What leaves this machine").wait_for()


PICTURES: dict[str, Callable[[Page], None]] = {
    "app": compared,
    "inside": inside,
    "batch": batch,
    "matrix": matrix,
    "checkpoints": checkpoints,
    "history": history,
    "about": about,
}


def take(chromium: Browser, address: str, folder: Path) -> None:
    """Every picture in every view, each view a person of its own."""
    for name, view in VIEWS.items():
        page = chromium.new_page(**view)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}?__theme={view['color_scheme']}")
        page.locator("#note").wait_for()
        for what, show in PICTURES.items():
            show(page)
            page.wait_for_timeout(1000)
            whole = what not in ("app",) or name == "narrow"
            file = folder / f"{what}-{name}.png"
            page.screenshot(path=file, full_page=whole)
            print(os.path.relpath(file), flush=True)
        page.close()


@contextmanager
def app_and_browser(variables: Mapping[str, str] = {}) -> Iterator[tuple[str, Browser]]:
    """The address of an app with an empty history, and a browser, both there while this is open."""
    command = [sys.executable, str(ROOT / "space" / "app.py")]
    with (
        TemporaryDirectory() as kept,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "HISTORY": kept, **variables},
        ) as app,
    ):
        try:
            address = address_of(app)
            with sync_playwright() as playwright:
                path = str(browser.find_or_get(Path(sys.executable)))
                yield (
                    address,
                    playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]),
                )
        finally:
            app.terminate()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with app_and_browser() as (address, chromium):
        take(chromium, address, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "screenshots")
