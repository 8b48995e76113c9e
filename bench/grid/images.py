"""The same eight cells as eight Gradio image components, fed with coloured pictures.

Both are filled by a click, then change their colour map: the image components through the server,
which blends and encodes eight pictures again, the grid in the page. Counted is from the click until
all eight have been painted, and the bytes that the page is sent meanwhile.
"""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from bench.figure import Figure
from bench.stats import median, rotated

from .first_paint import PAINTED
from .serving import GRID, chromium, opened, served

REPEATS = 5

FILL = """async (pictures) => {
    const found = () => bench.all(pictures);
    const begun = performance.now();
    bench.press("Fill");
    const ready = () => found().length === 8 && found().every((one) => one.complete);
    const end = await bench.painted(
        () => ready() && (bench.drawn.size === 8 || !pictures.includes("stage")), found);
    return end - begun;
}"""
RECOLOUR_GRID = """async () => {
    const select = bench.all("[aria-label=Colours]").find((one) => one.tagName === "SELECT");
    const before = bench.puts;
    const begun = performance.now();
    select.value = "magma";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    return (await bench.painted(() => bench.puts === before + 8)) - begun;
}"""
RECOLOUR_IMAGES = """async (pictures) => {
    const found = () => bench.all(pictures);
    const before = new Set(found().map((one) => one.src));
    const begun = performance.now();
    bench.press("Fill");
    const other = (one) => !before.has(one.src) && one.complete;
    return (await bench.painted(() => found().filter(other).length === 8, found)) - begun;
}"""
PICTURES = {"empty": "[data-testid=stage] img", "images": ".image-frame img"}
RECOLOUR = {"empty": RECOLOUR_GRID, "images": RECOLOUR_IMAGES}


def measure() -> list[Figure]:
    runs: dict[str, list[dict[str, float]]] = {"empty": [], "images": []}
    with chromium() as browser, served(GRID, "empty") as grid, served(GRID, "images") as images:
        addresses = {"empty": grid, "images": images}
        for repeat in range(REPEATS):
            for name in rotated(list(addresses), repeat):
                runs[name].append(once(browser, addresses[name], name))
    return [
        ratio("eight pictures from a click, grid / images", runs, "fill ms", "ms"),
        ratio("bytes of that", runs, "fill bytes", "kB", 1e-3),
        ratio("another colour map from a click, grid / images", runs, "recolour ms", "ms"),
        ratio("bytes of that ", runs, "recolour bytes", "kB", 1e-3),
    ]


def once(browser: Browser, address: str, name: str) -> dict[str, float]:
    """Fill a fresh page and change its colours: milliseconds and bytes of each."""
    with opened(browser, address, PAINTED) as page:
        page.get_by_role("button", name="Fill").wait_for()
        page.wait_for_timeout(1500)
        received = bytes_received(page)
        fill = page.evaluate(FILL, PICTURES[name])
        page.wait_for_timeout(500)
        filled = sum(received)
        recolour = page.evaluate(RECOLOUR[name], PICTURES[name])
        page.wait_for_timeout(500)
        return {
            "fill ms": fill,
            "fill bytes": filled,
            "recolour ms": recolour,
            "recolour bytes": sum(received) - filled,
        }


def bytes_received(page: Page) -> list[int]:
    """The sizes of all pieces of data that reach the page from now on; it goes on growing."""
    pieces: list[int] = []
    session = page.context.new_cdp_session(page)
    session.on("Network.dataReceived", lambda event: pieces.append(event["dataLength"]))
    session.send("Network.enable")
    return pieces


def ratio(
    name: str, runs: dict[str, list[dict[str, float]]], of: str, unit: str, scale: float = 1.0
) -> Figure:
    grid = scale * median([run[of] for run in runs["empty"]])
    images = scale * median([run[of] for run in runs["images"]])
    return Figure(
        name,
        grid / images,
        runs=[
            one[of] / other[of] for one, other in zip(runs["empty"], runs["images"], strict=True)
        ],
        note=f"{grid:,.0f} / {images:,.0f} {unit}",
        detail={key: [run[of] for run in found] for key, found in runs.items()},
    )
