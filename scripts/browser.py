"""Find a Chromium for the browser tests, or get one."""

import os
import shutil
import subprocess
from pathlib import Path

VARIABLE = "VLMSCOPE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


class NoBrowser(Exception):
    """There is no browser and none could be had; the message says what to install."""


def find(python: Path) -> Path | None:
    """The browser named by VLMSCOPE_BROWSER, on the path, or installed by Playwright."""
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise NoBrowser(
                f"{VARIABLE}={named} is no file; name a Chromium or Chrome, or unset it."
            )
        return Path(named)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return MAC if MAC.is_file() else _playwrights_own(python)


def find_or_get(python: Path) -> Path:
    """A browser: one that is here, else Debian's chromium as root, else Playwright's own."""
    found = find(python)
    if found:
        return found
    for command in _ways_to_get(python):
        print(f"[setup] no browser here: {' '.join(command)}", flush=True)
        subprocess.run(command)
        found = find(python)
        if found:
            return found
    raise NoBrowser(
        "The browser tests need Chromium and none could be installed; install it "
        f"(Debian: apt-get install chromium) or set {VARIABLE} to a Chrome's path."
    )


def _ways_to_get(python: Path) -> list[list[str]]:
    ways = [[str(python), "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        install = "apt-get update -q && apt-get install -qy --no-install-recommends chromium"
        ways.insert(0, ["sh", "-c", install])
    return ways


def _playwrights_own(python: Path) -> Path | None:
    asked = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    answer = subprocess.run([python, "-c", asked], capture_output=True, text=True)
    path = Path(answer.stdout.strip() or "/nonexistent")
    return path if path.is_file() else None
