"""Take the pictures of a Space's first page, as its visitors and the owner of a duplicate see it.

picture_space_pages.py [FOLDER]
"""

import sys
from pathlib import Path

from screenshot import PATIENCE_MS, VIEWS, app_and_browser
from space_card import PLACE
from stamps import ROOT

A_SPACE = {"SYSTEM": "spaces", "HOST": "127.0.0.1", "HF_HUB_OFFLINE": "1", "HISTORY": ""}
SIGN_IN = {
    "OAUTH_CLIENT_ID": "pictured",
    "OAUTH_CLIENT_SECRET": "pictured",
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
}
PAGES = {
    "space-public": {"SPACE_ID": PLACE},
    "space-duplicate": {"SPACE_ID": "you/vlmscope", "PUBLIC": "no"},
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, own in PAGES.items():
        with app_and_browser(A_SPACE | SIGN_IN | own) as (address, chromium):
            for view, options in VIEWS.items():
                page = chromium.new_page(**options)
                page.set_default_timeout(PATIENCE_MS)
                page.goto(f"{address}?__theme={options['color_scheme']}")
                page.locator("#note").wait_for()
                if name == "space-duplicate" and view == "light":
                    page.locator("#first-run summary").click()
                page.wait_for_timeout(1000)
                page.screenshot(path=folder / f"{name}-{view}.png")
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "screenshots")
