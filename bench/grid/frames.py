"""Pan, zoom and crosshair: the page's work in a frame, and frames as long as CSS alone needs.

The page's work is counted by `trace.py`, on the grid and on `css_only.html`, which moves the same
image, the same eight canvases and the same crosshair through the same gestures (`gestures.js`) and
knows no texts, values or framework. A browser without a window draws by the processor, so that a
frame is long in itself: what a person waits for is therefore told as a ratio between both pages,
whose frames are timed in turn and without a trace.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from playwright.sync_api import Browser, Page

from bench.figure import Figure
from bench.stats import gaps, median, p95, rotated

from . import trace
from .serving import GRID, chromium, opened, served

HERE = Path(__file__).parent
GESTURES = ("pan", "zoom", "crosshair")
HANDS = (HERE / "gestures.js").read_text()
REPEATS = 5
MOST_WORK, LONGEST_TASK, MOST_TIME = 4.0, 50.0, 1.15
UNDER_MOUSE = 1
"""The cell that the gestures are made on."""

SCENE = """() => {
    const all = (id) => [...document.querySelectorAll(`[data-testid=${id}]`)];
    return {
        boxes: all("picture").map((picture) => picture.getBoundingClientRect().toJSON()),
        image: all("stage")[0].querySelector("img").src,
        maps: all("map").map((map) => map.toDataURL()),
    };
}"""
PLACES = "() => [...document.querySelectorAll('.stage')].map((s) => getComputedStyle(s).transform)"
"""The transforms of all stages."""


def measure() -> list[Figure]:
    with chromium() as browser:
        with served(GRID, "shown") as address, opened(browser, address) as grid:
            ready(grid)
            scene = grid.evaluate(SCENE)
            with opened(browser, "about:blank") as css:
                build_css_only(css, address, scene)
                figures = compare(grid, css, scene["boxes"][UNDER_MOUSE])
        with served(GRID, "hatched") as address, opened(browser, address) as hatched:
            ready(hatched)
            figures.append(hatched_work(hatched, scene["boxes"][UNDER_MOUSE]))
        figures.append(blank(browser))
    return figures


def ready(page: Page) -> None:
    """Wait until all is drawn and the hands are there."""
    page.get_by_test_id("map").nth(7).wait_for()
    page.wait_for_timeout(1000)
    page.evaluate(HANDS)


def build_css_only(page: Page, address: str, scene: dict) -> None:
    """Open the page of CSS as if the app served it: nobody else may ask for the app's image."""
    place = f"{address}/css_only.html"
    page.route(place, lambda route: route.fulfill(path=HERE / "css_only.html"))
    page.goto(place)
    page.evaluate("(scene) => build(scene)", scene)
    page.evaluate(HANDS)


def compare(grid: Page, css: Page, box: dict) -> list[Figure]:
    """Both pages through every gesture, in turn."""
    pages = {"grid": grid, "css": css}
    figures = []
    for gesture in GESTURES:
        work: dict[str, list[dict]] = defaultdict(list)
        times: dict[str, list[list[float]]] = defaultdict(list)
        for repeat in range(REPEATS):
            ended = {}
            for name in rotated(list(pages), repeat):
                page = pages[name]
                page.bring_to_front()
                times[name].append(gaps(moved(page, gesture, box)))
                ended[name] = page.evaluate(PLACES)
                work[name].append(worked(page, gesture, box))
            alike(ended["grid"], ended["css"], gesture)
        figures += told(gesture, work, times)
    return figures


def moved(page: Page, gesture: str, box: dict) -> list[float]:
    """The time of every frame of a gesture, which begins at one place for every page."""
    reset(page, gesture, box)
    return page.evaluate("([kind, box]) => bench.move(kind, box)", [gesture, box])


def worked(page: Page, gesture: str, box: dict) -> dict:
    """What the main thread did in the frames of a gesture, in milliseconds."""
    reset(page, gesture, box)
    with trace.recorded(page) as recording:
        page.evaluate("([kind, box]) => bench.move(kind, box)", [gesture, box])
    # The first is the gesture's beginning, and not the same work.
    frames = trace.frames(recording.slices)[2:]
    return {
        "cpu": [sum(task.cpu for task in frame) for frame in frames],
        "wall": [sum(task.wall for task in frame) for frame in frames],
        "longest": max((task for frame in frames for task in frame), key=lambda task: task.wall),
        "kinds": {
            kind: total / len(frames) for kind, total in trace.by_kind(recording.slices).items()
        },
    }


def reset(page: Page, gesture: str, box: dict) -> None:
    """The whole picture, or near where the gesture is a drag."""
    page.evaluate(
        """async ([near, box]) => {
            for (let i = 0; i < 200; i++) {
                bench.tell("wheel", bench.middle(box), { deltaY: 50, ctrlKey: true }, WheelEvent);
            }
            if (near) bench.come_near(box);
            for (let i = 0; i < 20; i++) await new Promise(requestAnimationFrame);
        }""",
        [gesture == "pan", box],
    )


def alike(grid: list[str], css: list[str], gesture: str) -> None:
    """Raises RuntimeError unless both pages show the same part of the picture."""
    numbers = [[float(n) for n in one[7:-1].split(",")] for one in (*grid, *css)]
    if any(abs(a - b) > 0.01 for one in numbers for a, b in zip(one, numbers[0], strict=True)):
        raise RuntimeError(f"After {gesture} the grid is at {grid[0]}, the page of CSS at {css[0]}")


def told(gesture: str, work: dict, times: dict) -> list[Figure]:
    cpu = {name: [p95(run["cpu"]) for run in runs] for name, runs in work.items()}
    wall = [p95(run["wall"]) for run in work["grid"]]
    ratios = [sum(grid) / sum(css) for grid, css in zip(times["grid"], times["css"], strict=True)]
    late = [p95(grid) / p95(css) for grid, css in zip(times["grid"], times["css"], strict=True)]
    frame = {name: median([median(run) for run in runs]) for name, runs in times.items()}
    kinds = {
        kind: round(median([run["kinds"].get(kind, 0.0) for run in work["grid"]]), 3)
        for kind in work["grid"][0]["kinds"]
    }
    return [
        Figure(
            f"{gesture}: work in a frame, 95th percentile",
            median(cpu["grid"]),
            "ms",
            MOST_WORK,
            runs=cpu["grid"],
            note=f"wall {median(wall):.1f}; CSS alone {median(cpu['css']):.1f}",
            detail={
                "wall": wall,
                "css": cpu["css"],
                "median": median([median(run["cpu"]) for run in work["grid"]]),
                "mean by kind": kinds,
            },
        ),
        Figure(
            f"{gesture}: longest task",
            median([run["longest"].wall for run in work["grid"]]),
            "ms",
            LONGEST_TASK,
            runs=[run["longest"].wall for run in work["grid"]],
            note=f"{max(run['longest'].cpu for run in work['grid']):.1f} ms on the processor at most",
        ),
        Figure(
            f"{gesture}: frame time, grid / CSS alone",
            median(ratios),
            "",
            MOST_TIME,
            runs=ratios,
            note=f"median {frame['grid']:.1f} / {frame['css']:.1f} ms; "
            f"95th percentiles {median(late):.2f}",
            detail={"median ms": frame, "95th percentiles": late},
        ),
    ]


def hatched_work(page: Page, box: dict) -> Figure:
    """A drag with half of the tokens dropped, for the record: CSS alone has no such thing."""
    frame = median(gaps(moved(page, "pan", box)))
    runs = [p95(worked(page, "pan", box)["cpu"]) for _ in range(3)]
    return Figure(
        "pan, half the tokens hatched: work in a frame",
        median(runs),
        "ms",
        runs=runs,
        note=f"median frame {frame:.1f} ms",
    )


def blank(browser: Browser) -> Figure:
    """How long a frame of an empty page is: what the browser itself takes here."""
    with opened(browser, "about:blank") as page:
        page.set_content("<body></body>")
        page.evaluate(HANDS)
        page.evaluate("bench.gestures.nothing = () => () => {}; bench.tell = () => {}")
        runs = [
            median(
                gaps(page.evaluate("bench.move('nothing', { x: 0, y: 0, width: 1, height: 1 })"))
            )
            for _ in range(REPEATS)
        ]
    return Figure("a blank page's frame", median(runs), "ms", runs=runs)
