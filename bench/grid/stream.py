"""Thirty updates a second for a minute: text grows in eight cells, and nothing else may happen.

Three rounds of twenty seconds, each from empty answers to 1,800 characters, so that the start, the
middle and the end are looked at in the same state: whatever is more then has been kept for nothing.
The heap is counted after a forced collection of garbage.
"""

from __future__ import annotations

from playwright.sync_api import CDPSession, Page

from bench.figure import Figure
from bench.stats import median

from .app import PIECE, RATE, ROUND, ROUNDS
from .first_paint import PAINTED
from .serving import GRID, chromium, opened, served

LEAST_RATE = 0.95 * RATE
MOST_GROWTH = 1.05
"""Of the heap and the nodes, from the first round's end to the last's."""

WATCH = """() => {
    const text = () => bench.all("[data-testid=answer]").map((one) => one.textContent.length);
    bench.nodes = bench.all("[data-testid=cell], [data-testid=map], [data-testid=stage] img");
    bench.view = () => bench.all("[data-testid=stage]").map((s) => getComputedStyle(s).transform);
    bench.seen = bench.view().join();
    bench.lost = 0;
    bench.rounds = [];
    bench.before = text()[0];
    bench.puts = 0;
    bench.tasks = [];
    const grid = bench.all("[data-testid=grid]")[0];
    new MutationObserver(() => {
        const [length] = text();
        if (length === bench.before) return;
        const now = performance.now();
        if (length < bench.before) bench.rounds.push({ begun: now, updates: 0 });
        bench.before = length;
        const round = bench.rounds.at(-1);
        round.updates += 1;
        round.last = now;
        if (bench.view().join() !== bench.seen) bench.lost += 1;
    }).observe(grid, { subtree: true, childList: true, characterData: true });
    new PerformanceObserver((list) => bench.tasks.push(...list.getEntries()))
        .observe({ type: "longtask" });
}"""
ROUND_ENDED = """([number, length]) => bench.rounds.length === number &&
    bench.all("[data-testid=answer]").every((one) => one.textContent.length === length)"""
FOUND = """() => ({
    rounds: bench.rounds,
    puts: bench.puts,
    lost: bench.lost,
    // Not those between the rounds, which collect the garbage.
    longest: Math.max(0, ...bench.tasks
        .filter((task) => bench.rounds.some(({ begun, last }) =>
            task.startTime < last && task.startTime + task.duration > begun))
        .map((task) => task.duration)),
    gone: bench.nodes.filter((node) => !node.isConnected).length,
    anew: bench.all("[data-testid=cell], [data-testid=map], [data-testid=stage] img")
        .filter((node) => !bench.nodes.includes(node)).length,
})"""


def measure() -> list[Figure]:
    with (
        chromium() as browser,
        served(GRID, "shown") as address,
        opened(browser, address, PAINTED) as page,
    ):
        page.get_by_test_id("map").nth(7).wait_for()
        page.wait_for_timeout(1000)
        look_somewhere(page)
        page.evaluate(WATCH)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        session.send("HeapProfiler.enable")
        page.get_by_role("button", name="Stream").click()
        heaps = []
        for number in range(1, ROUNDS + 1):
            page.wait_for_function(
                ROUND_ENDED,
                arg=[number, PIECE * ROUND],
                polling=250,
                timeout=4000 * ROUND / RATE,
            )
            heaps.append(memory(session))
        return told(page.evaluate(FOUND), heaps)


def look_somewhere(page: Page) -> None:
    """Zoom in with the wheel, for there to be a view that can be lost."""
    page.get_by_test_id("picture").nth(1).hover()
    page.keyboard.down("Control")
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_timeout(500)


def memory(session: CDPSession) -> dict[str, float]:
    """The page's heap in MB and its nodes, once nothing is left that could be given back."""
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    named = {one["name"]: one["value"] for one in found}
    return {
        "heap": named["JSHeapUsedSize"] / 1e6,
        "nodes": named["Nodes"],
        "listeners": named["JSEventListeners"],
    }


def told(found: dict, heaps: list[dict[str, float]]) -> list[Figure]:
    rates = [1000 * (ROUND - 1) / (one["last"] - one["begun"]) for one in found["rounds"]]
    drawn = [one["updates"] / ROUND for one in found["rounds"]]
    figures = [
        Figure(
            "streaming: updates a second",
            median(rates),
            "",
            LEAST_RATE,
            at_least=True,
            runs=rates,
            note=f"of {RATE} sent; {100 * min(drawn):.0f} % of them drawn one by one; "
            f"longest task {found['longest']:.0f} ms",
            detail={"drawn": drawn},
        ),
        Figure(
            "streaming: cells, canvases and images mounted anew",
            found["gone"] + found["anew"],
            "",
            0,
        ),
        Figure("streaming: times that the view was lost", found["lost"], "", 0),
        Figure("streaming: canvases drawn again", found["puts"], "", 0),
    ]
    for name, unit in (("heap", "MB"), ("nodes", "")):
        told = " → ".join(f"{one[name]:,.4g}" for one in heaps)
        figures.append(
            Figure(
                f"streaming: {name}, last round / first",
                heaps[-1][name] / heaps[0][name],
                "",
                MOST_GROWTH,
                runs=[one[name] for one in heaps],
                note=f"{told} {unit}".strip(),
                detail={"listeners": [one["listeners"] for one in heaps]},
            )
        )
    return figures
