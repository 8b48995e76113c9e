"""Take the pictures of docs/grid.md from the component's demo: picture_grid.py [FOLDER]."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import browser
from stamps import ROOT

DEMO = ROOT / "component" / "demo"


def aim(page: Page, cell: int, x: float, y: float) -> None:
    """Put the mouse at a point of a cell's picture, 0 to 1 from the left and from the top."""
    box = page.get_by_test_id("picture").nth(cell).bounding_box()
    assert box
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def press(page: Page, cell: int, *keys: str) -> None:
    page.get_by_test_id("picture").nth(cell).focus()
    for key in keys:
        page.keyboard.press(key)
    page.evaluate("document.activeElement.blur()")


def crosshair(page: Page) -> None:
    aim(page, 1, 8.4 / 12, 3.5 / 9)


def word(page: Page) -> None:
    press(page, 0, ".", ".", ".", ".")


def difference(page: Page) -> None:
    page.get_by_label("Scene").click()
    page.get_by_role("option", name="Unlike grids", exact=True).click()
    page.get_by_role("heading", name="6 × 8 tokens").wait_for()
    press(page, 1, "d")


def tokens(page: Page) -> None:
    number = page.get_by_label("number input for Cells")
    number.fill("8")
    number.press("Enter")
    page.locator("[data-number='8']").wait_for()
    aim(page, 4, 8.4 / 12, 3.5 / 9)


def blind(page: Page) -> None:
    page.get_by_label("Ask for a vote").check()
    page.get_by_label("Blind until the vote").check()
    page.get_by_role("heading", name="A", exact=True).wait_for()
    page.get_by_role("group", name="Vote").get_by_role("button", name="B", exact=True).click()


def region(page: Page) -> None:
    page.get_by_role("button", name="Region", exact=True).click()
    aim(page, 1, 0.55, 0.12)
    page.mouse.down()
    aim(page, 1, 0.85, 0.55)
    page.mouse.up()
    page.mouse.move(0, 0)


PICTURES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "grid-light.png": ("light", crosshair),
    "grid-word.png": ("dark", word),
    "grid-difference.png": ("light", difference),
    "grid-tokens.png": ("light", tokens),
    "grid-region.png": ("light", region),
    "grid-blind.png": ("light", blind),
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "0"}
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "app.py"], cwd=DEMO, env=environment) as app:
        try:
            wait_for(address, app)
            path = str(browser.find_or_get(Path(sys.executable)))
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                for name, (theme, prepare) in PICTURES.items():
                    page = chromium.new_page(viewport={"width": 1440, "height": 1400})
                    page.goto(f"{address}?__theme={theme}")
                    page.get_by_test_id("map").first.wait_for()
                    prepare(page)
                    page.wait_for_timeout(400)
                    page.get_by_test_id("grid").screenshot(path=folder / name)
                    page.close()
                    print(os.path.relpath(folder / name))
        finally:
            app.terminate()


def wait_for(address: str, app: subprocess.Popen) -> None:
    while app.poll() is None:
        try:
            urllib.request.urlopen(address).close()
            return
        except urllib.error.URLError:
            time.sleep(0.2)
    sys.exit("The demo did not start.")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
