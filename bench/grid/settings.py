"""Another colour map, threshold or opacity for all cells: how long scripts run because of it.

Each step is a key pressed on the toolbar's own control. Counted are the listeners of its events and
what Svelte flushes because of them, which is done before the task ends. Callbacks of later frames are
not: the grid asks for none, while Gradio's own page runs one in every frame, whatever is pressed.
"""

from __future__ import annotations

from playwright.sync_api import Page

from bench.figure import Figure
from bench.stats import median, p95

from . import trace
from .serving import GRID, chromium, opened, served

CONTROLS = {
    "colour map": ("Colours", "ArrowDown", "ArrowUp"),
    "threshold": ("Threshold", "ArrowRight", "ArrowLeft"),
    "opacity": ("Opacity", "ArrowRight", "ArrowLeft"),
}
"""By what is changed: the control's name, the key that goes on and the key that goes back."""
EVENTS = ("keydown", "keypress", "beforeinput", "input", "change", "keyup")
"""What comes of a key."""
STEPS, REPEATS = 4, 5
MOST_SCRIPT = 8.0
SETTLES = 150
"""Milliseconds after which nothing more comes of a key."""


def measure() -> list[Figure]:
    with chromium() as browser, served(GRID, "shown") as address:
        runs: dict[str, list[list[list[trace.Slice]]]] = {name: [] for name in CONTROLS}
        for _ in range(REPEATS):
            # A page of its own for each: what is computed once counts for the first step.
            with opened(browser, address) as page:
                page.get_by_test_id("map").nth(7).wait_for()
                page.wait_for_timeout(1000)
                for name, control in CONTROLS.items():
                    runs[name].append(stepped(page, *control))
    return [told(name, found) for name, found in runs.items()]


def stepped(page: Page, control: str, on: str, back: str) -> list[list[trace.Slice]]:
    """The scripts of each of some steps to and fro."""
    page.get_by_label(control, exact=True).focus()
    drawn = page.evaluate(DRAWN)
    with trace.recorded(page) as recording:
        for key in [on] * STEPS + [back] * STEPS:
            page.keyboard.press(key)
            page.wait_for_timeout(SETTLES)
    if page.evaluate(DRAWN) != drawn:
        raise RuntimeError(f"{control}: the steps back do not undo the steps")
    found = trace.because_of(recording.slices, EVENTS)
    if len(found) != 2 * STEPS:
        raise RuntimeError(f"{control}: {len(found)} keys were seen of {2 * STEPS}")
    return found


DRAWN = """() => [...document.querySelectorAll("[data-testid=map]")].map(
    (map) => map.style.opacity + map.toDataURL())"""


def told(name: str, runs: list[list[list[trace.Slice]]]) -> Figure:
    cpu = [[sum(one.cpu for one in step) for step in run] for run in runs]
    wall = [[sum(one.wall for one in step) for step in run] for run in runs]
    return Figure(
        f"{name} of all cells: script, 95th percentile",
        median([p95(run) for run in cpu]),
        "ms",
        MOST_SCRIPT,
        runs=[p95(run) for run in cpu],
        note=f"median {median([median(run) for run in cpu]):.1f}, "
        f"first step {median([run[0] for run in cpu]):.1f}; "
        f"wall {median([p95(run) for run in wall]):.1f}",
        detail={"steps": cpu},
    )
