"""Visitors with a browser: some press Stop, some close the page half-way, all look at what stands there."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from playwright.async_api import Browser, Error, Page, async_playwright, expect
from scripts.browser import find_or_get

from bench.load.programs import address_of
from bench.load.seen import Asked, Seen, refused_or_error

STOPS, LEAVES = 0.15, 0.15
"""How many of the comparisons are stopped, and how many are left by closing the page."""
MOST_VARIANTS = 3
END_SECONDS = 240
ENDED = """(mark) => {
    const said = [...document.querySelectorAll("#waiting, .problem")]
        .map((one) => one.textContent.trim()).join(" ").trim();
    const query = document.querySelector("[data-testid=grid] .query")?.textContent ?? "";
    const cells = [...document.querySelectorAll("[data-testid=cell]")];
    const over = ["done", "failed", "stopped"];
    const is_over = query.includes(mark) && cells.every((one) => over.includes(one.dataset.status));
    const is_at_rest = !document.querySelector("#compare").disabled;
    const told = { is_over, said, cells: cells.map((one) => one.dataset.status) };
    return is_at_rest && (is_over || said) ? told : null;
}"""

STANDS = """() => {
    const texts = (of) => [...document.querySelectorAll(of)].map((one) => one.textContent.trim());
    const cells = [...document.querySelectorAll("[data-testid=cell]")];
    return JSON.stringify({
        query: texts("[data-testid=grid] .query"), said: texts("#waiting, .problem, .toast-body"),
        cells: cells.map((one) => one.dataset.status),
        may_compare: !document.querySelector("#compare").disabled,
    });
}"""


def crowd(address: str, seen: Seen, visitors: range) -> None:
    """All of them in one browser, a window for each that knows nothing of the others."""
    if visitors:
        asyncio.run(_crowd(address, seen, visitors))


async def _crowd(address: str, seen: Seen, visitors: range) -> None:
    path = str(find_or_get(Path(sys.executable)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        await asyncio.gather(*(_visit(browser, address, seen, number) for number in visitors))
        await browser.close()


async def _visit(browser: Browser, address: str, seen: Seen, visitor: int) -> None:
    chance = random.Random(visitor)
    while not seen.is_over:
        context = await browser.new_context(extra_http_headers=address_of(visitor))
        context.set_default_timeout(60_000)
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error, faults=faults: faults.append(str(error)))
        try:
            await page.goto(address)
            await page.locator("#note, [data-testid=cell]").first.wait_for()
            for _ in range(chance.randint(1, 3)):
                if seen.is_over or not await _compare(page, seen, visitor, chance, faults):
                    break
                await page.wait_for_timeout(1000 * chance.uniform(1, 4))
        except (Error, AssertionError) as fault:
            asked = seen.latest(visitor) or seen.asks(visitor, "Chromium")
            asked.outcome, asked.said = "error", str(fault)[:300]
        finally:
            await context.close()


async def _compare(
    page: Page, seen: Seen, visitor: int, chance: random.Random, faults: list[str]
) -> bool:
    """One comparison; whether the page is open still."""
    asked = seen.asks(visitor, "Chromium")
    question = page.locator("#question textarea")
    await question.fill("")
    await page.locator("#examples button").nth(chance.randrange(3)).click()
    await page.locator("#image img").wait_for()
    # An example brings its question, which would take the place of another that came before it.
    await expect(question).not_to_have_value("", timeout=60_000)
    await question.fill(f"How many circles are there? {asked.mark}")
    boxes = page.locator("#variants input[type=checkbox]")
    for place in range(await boxes.count()):
        await boxes.nth(place).set_checked(place < MOST_VARIANTS)
    await page.get_by_role("button", name="Compare", exact=True).click()
    what = chance.random()
    if what < LEAVES:
        await page.wait_for_timeout(1000 * chance.uniform(0.2, 3))
        asked.outcome = "left"
        return False
    if what < LEAVES + STOPS:
        await page.wait_for_timeout(1000 * chance.uniform(0.2, 3))
        stop = page.locator("#stop")
        if await stop.is_enabled():
            await stop.click()
    await _end(page, seen, asked)
    text = await page.evaluate("document.body.innerText")
    asked.reads(text)
    # What it asked before stands in its own history, and in no result.
    own = {one.mark for one in seen.asked if one.visitor == visitor}
    asked.strangers = [mark for mark in asked.strangers if mark not in own]
    if faults:
        asked.outcome, asked.said = "error", faults[0]
    return True


async def _end(page: Page, seen: Seen, asked: Asked) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() - begun < END_SECONDS:
        found = await page.evaluate(ENDED, asked.mark)
        if found and not found["is_over"]:
            asked.said = found["said"]
            asked.outcome = refused_or_error(asked.said)
            return
        if found:
            statuses = set(found["cells"])
            if statuses == {"done"}:
                asked.outcome = "answered"
            else:
                asked.outcome = "stopped" if statuses <= {"done", "stopped"} else "error"
            return
        await page.wait_for_timeout(100)
    asked.said = f"Not ended after {END_SECONDS} s: {await page.evaluate(STANDS)}"
