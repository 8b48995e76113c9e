"""An empty grid gets eight cells from a Gradio event: how long until all have been drawn.

Counted from where Gradio's client has the message with the value in its hands, so with Gradio's own
share, to the end of the first frame in which the eighth canvas has been drawn.
"""

from __future__ import annotations

from pathlib import Path

from bench.figure import Figure
from bench.stats import median

from .serving import GRID, chromium, opened, served

PAINTED = (Path(__file__).parent / "painted.js").read_text()
REPEATS = 7
LATEST = 300.0


def measure() -> list[Figure]:
    runs, with_image = [], []
    with chromium() as browser, served(GRID, "empty") as address:
        for _ in range(REPEATS):
            with opened(browser, address, PAINTED) as page:
                page.get_by_role("button", name="Fill").wait_for()
                page.get_by_test_id("grid").wait_for()
                page.wait_for_timeout(1000)
                arrived, drawn, images = page.evaluate(FILL)
                runs.append(drawn - arrived)
                with_image.append(images - arrived)
    return [
        Figure(
            "first paint of eight cells after the value's arrival",
            median(runs),
            "ms",
            LATEST,
            runs=runs,
            note=f"with the image {median(with_image):.0f}",
            detail={"with the image": with_image},
        )
    ]


FILL = """async () => {
    bench.press("Fill");
    const images = await bench.painted(
        () => bench.cells && bench.all("[data-testid=stage] img").length === 8,
        () => bench.all("[data-testid=stage] img"),
    );
    return [bench.arrived, bench.cells, images];
}"""
