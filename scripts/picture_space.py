"""Take the picture that stands for the Space where it is listed: picture_space.py [FILE].

The grid alone after a comparison, as the app shows it, in the shape that cards of links have.
"""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from screenshot import PATIENCE_MS, app_and_browser, compared
from stamps import ROOT

SIZE = (1200, 630)
SEEN = (1600, 840)
"""The window, in the same shape: the grid needs room for four pictures in a row."""
QUALITY = 88


def main(file: Path) -> None:
    with app_and_browser() as (address, chromium):
        page = chromium.new_page(viewport={"width": SEEN[0], "height": SEEN[1]})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}?__theme=light")
        page.locator("#note").wait_for()
        compared(page)
        page.get_by_role("button", name="Full screen").click()
        page.wait_for_timeout(1000)
        picture = Image.open(BytesIO(page.screenshot()))
    picture.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS).save(file, quality=QUALITY)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "space" / "thumbnail.jpg")
