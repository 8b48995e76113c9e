"""Take the pictures of the app for the README and for a look: screenshot.py [FOLDER].

Starts the app on a free port, compares what is ticked on one example, opens a checkpoint's card, and
saves both light, dark and narrow. HOST, PORT, BASE and CHECKPOINTS reach the app.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

import browser
from stamps import ROOT

EXAMPLE = 4  # one that tells the variants apart
CARD = "influence_step-0600"
VIEWS = {
    "app-light.png": {"viewport": {"width": 1440, "height": 860}, "color_scheme": "light"},
    "app-dark.png": {"viewport": {"width": 1440, "height": 860}, "color_scheme": "dark"},
    "app-narrow.png": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}


def take(chromium: Browser, address: str, file: Path, view: dict) -> None:
    """One picture of a finished comparison, with the crosshair on a token."""
    page = chromium.new_page(**view)
    page.goto(f"{address}?__theme={view['color_scheme']}")
    page.locator("#examples button").nth(EXAMPLE).click()
    page.locator("#image img").wait_for()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_function(
        """() => {
            const cells = [...document.querySelectorAll("[data-testid=cell]")];
            const ended = ["done", "failed", "stopped"];
            return cells.length > 0 && cells.every((cell) => ended.includes(cell.dataset.status));
        }""",
        timeout=120_000,
    )
    page.locator("#figures table").wait_for()
    narrow = view["viewport"]["width"] < 600
    if not narrow:
        picture = page.get_by_test_id("picture").nth(1)
        box = picture.bounding_box()
        assert box
        picture.hover(position={"x": box["width"] * 0.55, "y": box["height"] * 0.45})
    page.screenshot(path=file, full_page=narrow)
    page.close()


def take_card(chromium: Browser, address: str, file: Path, view: dict) -> None:
    """One picture of the checkpoints, with the card of one that ships."""
    page = chromium.new_page(**view)
    page.goto(f"{address}?__theme={view['color_scheme']}")
    page.get_by_role("tab", name="Checkpoints").click()
    page.locator("#checkpoints .virtual-row").get_by_text(CARD, exact=True).click()
    page.locator("#card h2").wait_for()
    page.screenshot(path=file, full_page=True)
    page.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(ROOT / "space" / "app.py")]
    with (
        TemporaryDirectory() as history,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=os.environ | {"HISTORY": history}
        ) as app,
    ):
        try:
            lines = iter(app.stdout or ())
            found = (re.search(r"ready after .*: (http://\S+)", line) for line in lines)
            address = next(match[1] for match in found if match)
            with sync_playwright() as playwright:
                path = str(browser.find_or_get(Path(sys.executable)))
                chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                for name, view in VIEWS.items():
                    take(chromium, address, folder / name, view)
                    print(os.path.relpath(folder / name))
                    card = folder / name.replace("app", "checkpoints")
                    take_card(chromium, address, card, view)
                    print(os.path.relpath(card))
        finally:
            app.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "screenshots")
