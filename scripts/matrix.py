"""Try the wheel, as it is shipped, on the oldest, a middle and the newest Gradio: matrix.py [VERSION ...].

Each Gradio has an environment of its own under build/matrix, kept for the next run. The demo is started
there from a copy, so that its grid can only be the wheel's, and looked at in Chromium.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

import browser
from build_wheels import NEEDED, missing
from setup import Failed, is_healthy
from stamps import ROOT

MATRIX = ROOT / "build" / "matrix"
DEMO = ROOT / "component" / "demo"
PIP = [sys.executable, "-m", "pip"]
NAME = "gradio_comparisongrid"
MIDDLE = "6.24.0"
"""One of the Gradios (6.21 to 6.27) that mount a component anew at every update, were it not for
the detour in frontend/Index.svelte."""
CELLS = 4
PATIENCE = 30_000
"""Milliseconds that a page may take for one step: two cores draw slowly."""


def versions(offered: Iterable[str]) -> list[str]:
    """Of the offered releases the oldest and the newest that pyproject.toml allows, and MIDDLE."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [Requirement(dependency) for dependency in project["dependencies"]]
    allowed = next(one.specifier for one in needed if one.name == "gradio")
    inside = sorted(allowed.filter(offered), key=Version)
    return list(dict.fromkeys([inside[0], MIDDLE, inside[-1]]))


def offered() -> list[str]:
    """The releases of Gradio that the package index offers."""
    answer = run("ask the index for Gradio's versions", [*PIP, "index", "versions", "gradio"])
    found = re.search(r"Available versions: (.*)", answer)
    if not found:
        raise Failed(f"pip named no versions of Gradio:\n{answer}")
    return found[1].split(", ")


def build(folder: Path) -> Path:
    """The wheel that the source distribution gives where there is no Node.

    Raises Failed if a template is not in it, or if it is not the wheel that this tree gives.
    """
    shutil.rmtree(folder, ignore_errors=True)
    both = ["-m", "build", "--sdist", "--wheel", "--no-isolation", "--outdir", str(folder)]
    run("build the wheel and the source distribution", [sys.executable, *both, str(ROOT)])
    (direct,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    unpacked = folder / "from-source"
    options = ["--no-build-isolation", "--no-deps", "--no-cache-dir", "--wheel-dir", str(unpacked)]
    with tempfile.TemporaryDirectory() as nothing:
        run(
            "build the source distribution without Node",
            [*PIP, "wheel", *options, str(source)],
            environment=os.environ | {"PATH": nothing},
        )
    (wheel,) = unpacked.glob("*.whl")
    lacking = missing(wheel, NEEDED[NAME])
    if lacking:
        raise Failed(f"The wheel lacks {', '.join(lacking)}.")
    different = differing(direct, wheel)
    if different:
        raise Failed(f"The source distribution gives another wheel: see {', '.join(different)}.")
    return wheel


def differing(one: Path, other: Path) -> list[str]:
    """The names of the files that two wheels do not have in common, byte for byte."""
    contents = []
    for wheel in (one, other):
        with zipfile.ZipFile(wheel) as archive:
            contents.append({(name, archive.read(name)) for name in archive.namelist()})
    return sorted({name for name, _ in contents[0] ^ contents[1]})


def install(gradio: str, wheel: Path) -> Path:
    """The Python of an environment with this Gradio and this wheel; made if it is not there."""
    folder = MATRIX / f"gradio-{gradio}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not is_healthy(python):
        venv.create(folder, clear=True, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    run(f"install Gradio {gradio}", [*pip, f"gradio=={gradio}", str(wheel)])
    # The version of the wheel is that of the last run: pip would keep what it has.
    run("install the wheel", [*pip, "--force-reinstall", "--no-deps", str(wheel)])
    return python


@contextmanager
def demo(python: Path, log: Path) -> Iterator[str]:
    """The address of the demo, copied away from the checkout and started by this Python."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, log.open("w") as output:
        copy = shutil.copytree(DEMO, Path(folder) / "demo")
        process = subprocess.Popen(
            [python, "app.py"],
            cwd=copy,
            env={name: os.environ[name] for name in os.environ if name != "PYTHONPATH"}
            | {
                "GRADIO_SERVER_PORT": str(port),
                "GRADIO_ANALYTICS_ENABLED": "False",
                "GRADIO_TEMP_DIR": str(Path(folder) / "cache"),
            },
            stdout=output,
            stderr=output,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, process)
            yield url
        except Failed as problem:
            raise Failed(f"{problem} (the demo's log: {log})") from problem
        finally:
            process.terminate()
            process.wait(20)


def wait_for(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=30).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.3)
    raise Failed("the demo does not start")


def draws(page: Page) -> None:
    """Every cell shows the picture, and canvases with something on them."""
    expect(page.get_by_test_id("map")).to_have_count(CELLS, timeout=PATIENCE)
    page.wait_for_function(
        """(cells) => {
            const pictures = [...document.querySelectorAll("[data-testid=stage] img")];
            return pictures.filter((picture) => picture.naturalWidth > 0).length === cells;
        }""",
        arg=CELLS,
        timeout=PATIENCE,
    )
    colours = page.get_by_test_id("cell").evaluate_all(
        """(cells) => cells.map((cell) =>
            [...cell.querySelectorAll("canvas")].map((canvas) => {
                const { width, height } = canvas;
                const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                return new Set(new Uint32Array(data.buffer)).size;
            })
        )"""
    )
    blank = [str(i + 1) for i, canvases in enumerate(colours) if min(canvases, default=0) < 2]
    if blank:
        raise Failed(f"nothing is drawn in cell {', '.join(blank)}")


def moves_together(page: Page) -> None:
    """Zooming one cell moves all."""
    before = placed(page)
    page.get_by_test_id("picture").nth(1).hover()
    page.keyboard.down("Control")
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_timeout(500)
    after = placed(page)
    if len(after) != CELLS or len(set(after)) != 1 or after[0] == before[0]:
        raise Failed(f"zooming one cell does not move all: {before} became {after}")


def placed(page: Page) -> list[str]:
    return page.get_by_test_id("stage").evaluate_all(
        "stages => stages.map((stage) => getComputedStyle(stage).transform)"
    )


def streams(page: Page) -> None:
    """The answers arrive while every cell stays the element it was, and the view where it was."""
    page.evaluate(
        """() => {
            const all = (id) => [...document.querySelectorAll(`[data-testid=${id}]`)];
            const cells = all("cell");
            window.seen = { statuses: new Set(), views: new Set(), anew: 0 };
            const watch = () => {
                seen.anew = Math.max(seen.anew, cells.filter((cell) => !cell.isConnected).length);
                for (const cell of all("cell")) seen.statuses.add(cell.dataset.status);
                for (const stage of all("stage")) seen.views.add(getComputedStyle(stage).transform);
                requestAnimationFrame(watch);
            };
            watch();
        }"""
    )
    page.get_by_role("button", name="Stream the answers").click()
    page.wait_for_function("seen.statuses.has('waiting')", timeout=PATIENCE)
    page.wait_for_function("seen.statuses.has('running')", timeout=PATIENCE)
    expect(page.locator("[data-status=done]")).to_have_count(CELLS, timeout=PATIENCE)
    expect(page.get_by_test_id("answer").first).to_have_text("The star is red.", timeout=PATIENCE)
    anew, views = page.evaluate("[seen.anew, seen.views.size]")
    if anew:
        raise Failed(f"{anew} of {CELLS} cells were mounted anew while the answers streamed")
    if views != 1:
        raise Failed(f"the view moved while the answers streamed: {views} places were seen")


def look(chromium: Browser, url: str, gradio: str) -> None:
    """Raises Failed, or Playwright's own error, for the first thing that is wrong with the page."""
    page = chromium.new_page(viewport={"width": 1440, "height": 1000})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"the page reports: {error}"))
    step = "opens"
    try:
        page.goto(url)
        served = page.evaluate("window.gradio_config.version")
        if served != gradio:
            raise Failed(f"the page is of gradio {served}")
        for check in (draws, moves_together, streams):
            step = check.__name__
            check(page)
        if wrong:
            raise Failed(wrong[0])
    except (AssertionError, Error) as problem:
        sentence = " ".join(str(problem).split("Call log")[0].split())
        raise Failed("; ".join([*wrong, f"{step}: {sentence}"])) from problem
    finally:
        page.close()


def run(what: str, command: list[str], environment: dict[str, str] | None = None) -> str:
    """The output of a command; raises Failed, with all that it said, when it fails."""
    answer = subprocess.run(command, capture_output=True, text=True, env=environment)
    if answer.returncode:
        raise Failed(f"Could not {what}:\n{answer.stdout}{answer.stderr}")
    return answer.stdout


def main(wanted: list[str]) -> int:
    failed = 0
    try:
        chosen = wanted or versions(offered())
        wheel = build(MATRIX / "dist")
        path = str(browser.find_or_get(Path(sys.executable)))
    except (Failed, browser.NoBrowser) as problem:
        sys.exit(str(problem))
    print(f"{wheel.name}: the source distribution gives it without Node", flush=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for gradio in chosen:
            try:
                python = install(gradio, wheel)
                with demo(python, MATRIX / f"gradio-{gradio}.log") as url:
                    look(chromium, url, gradio)
                print(f"gradio {gradio}: draws, streams, keeps its view", flush=True)
            except Failed as problem:
                failed += 1
                print(f"gradio {gradio}: {problem}", flush=True)
        chromium.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
