"""Updates a second that reach a browser while eight answers grow, of 120 steps a second of the engine."""

from __future__ import annotations

from playwright.sync_api import Page

from bench.app.server import SECONDS
from bench.figure import Figure
from bench.grid.serving import chromium, opened, served

ENDED = """(count) => {
    const ended = ["done", "failed", "stopped"];
    const cells = [...document.querySelectorAll("[data-testid=cell]")];
    return cells.length === count && cells.every((one) => ended.includes(one.dataset.status));
}"""
WATCH = """() => {
    window.seen = [];
    let before = "";
    new MutationObserver(() => {
        const text = document.querySelector("[data-testid=answer]")?.textContent ?? "";
        if (text.length > before.length && before) window.seen.push(performance.now());
        before = text;
    }).observe(document.querySelector("[data-testid=grid]"),
        { subtree: true, childList: true, characterData: true });
}"""
VARIANTS = 8
RATE = 30
LEAST_RATE = 0.95 * RATE


def measure() -> list[Figure]:
    with (
        chromium() as browser,
        served("bench.app.server") as address,
        opened(browser, address) as page,
    ):
        page.set_default_timeout(120_000)
        ask(page)
        page.wait_for_function(ENDED, arg=VARIANTS)
        page.evaluate(WATCH)
        page.get_by_role("button", name="Compare", exact=True).click()
        page.wait_for_timeout(1000 * (SECONDS + 3))
        page.wait_for_function(ENDED, arg=VARIANTS)
        seen = page.evaluate("seen")
    rate = 1000 * (len(seen) - 1) / (seen[-1] - seen[0])
    return [
        Figure(
            "streaming: updates a second in the browser",
            rate,
            "",
            LEAST_RATE,
            at_least=True,
            note=f"{len(seen)} in {(seen[-1] - seen[0]) / 1000:.1f} s, of at most {RATE}",
        )
    ]


def ask(page: Page) -> None:
    """The first comparison: eight variants on the first example."""
    page.get_by_test_id("grid").wait_for()
    page.locator("#examples button").first.click()
    page.locator("#image img").wait_for()
    boxes = page.locator("#variants input[type=checkbox]")
    for place in range(boxes.count()):
        boxes.nth(place).set_checked(place < VARIANTS)
    page.get_by_role("button", name="Compare", exact=True).click()
