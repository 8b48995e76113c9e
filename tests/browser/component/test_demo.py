"""The grid inside Gradio, in a real browser: drawn, linked, exact, and steady while it streams."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from gradio_comparisongrid.region import shares

Open = Callable[..., Page]


def aim(page: Page, cell: int, x: float, y: float) -> None:
    """Put the mouse at a point of a cell's picture, 0 to 1 from the left and from the top."""
    box = page.get_by_test_id("picture").nth(cell).bounding_box()
    assert box
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def middle(page: Page, cell: int) -> tuple[float, float]:
    box = page.get_by_test_id("picture").nth(cell).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def plain(texts: list[str]) -> list[str]:
    return [re.sub(r"\s+", " ", text).strip() for text in texts]


def readouts(page: Page) -> list[str]:
    """What the readouts say once all are written, which they are in turn, a few a frame."""
    page.evaluate(
        "async () => { for (let i = 0; i < 10; i++) await new Promise(requestAnimationFrame) }"
    )
    return plain(page.get_by_test_id("readout").all_text_contents())


def placed(page: Page) -> list[str]:
    return page.get_by_test_id("stage").evaluate_all(
        "stages => stages.map((stage) => getComputedStyle(stage).transform)"
    )


def ctrl_wheel(page: Page, notches: int) -> None:
    page.keyboard.down("Control")
    for _ in range(notches):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")


def show_cells(page: Page, count: int) -> Locator:
    number = page.get_by_label("number input for Cells")
    number.fill(str(count))
    number.press("Enter")
    cells = page.get_by_test_id("cell")
    expect(cells).to_have_count(count)
    return cells


def choose_scene(page: Page, name: str) -> None:
    page.get_by_label("Scene").click()
    page.get_by_role("option", name=name, exact=True).click()


def test_the_readout_is_the_arrays_value_in_every_cell(open_demo: Open, shown):
    page, value = open_demo(), shown(4)
    for row, col in [(0, 0), (3, 8), (8, 11), (4, 5)]:
        aim(page, 2, (col + 0.5) / 12, (row + 0.5) / 9)
        expect(page.get_by_test_id("readout").first).to_contain_text(f"col {col}")
        for cell, text in zip(value.cells, readouts(page), strict=True):
            scores = cell.layers[0].to_array()
            number = scores[row, col]
            rank = round(100 * np.mean(scores <= number))
            fate = "kept" if cell.tokens.to_mask()[row, col] else "dropped"
            assert text == f"row {row} col {col} {number:.3f} p{rank} {fate}"


def test_zooming_and_dragging_one_cell_moves_all(open_demo: Open):
    page = open_demo()
    before = placed(page)
    assert len(set(before)) == 1
    aim(page, 1, 0.7, 0.4)
    ctrl_wheel(page, 4)
    expect(page.get_by_test_id("zoom")).to_have_text("3.3×")
    zoomed = placed(page)
    assert len(set(zoomed)) == 1
    aim(page, 3, 0.5, 0.5)
    page.mouse.down()
    aim(page, 3, 0.2, 0.3)
    page.mouse.up()
    dragged = placed(page)
    assert len(set(dragged)) == 1
    assert len({before[0], zoomed[0], dragged[0]}) == 3
    assert plain(page.get_by_label("Last click").all_text_contents()) == [""]


def test_the_crosshair_stays_on_its_token_while_zooming(open_demo: Open):
    page = open_demo()
    aim(page, 0, 0.7, 0.4)
    before = readouts(page)
    ctrl_wheel(page, 6)
    expect(page.get_by_test_id("zoom")).to_have_text("6.0×")
    assert readouts(page) == before


def test_a_plain_wheel_scrolls_the_page(open_demo: Open):
    page = open_demo(height=500)
    aim(page, 0, 0.5, 0.1)
    page.mouse.wheel(0, 200)
    page.wait_for_function("window.scrollY > 0")
    expect(page.get_by_test_id("zoom")).to_have_text("1.0×")


def test_a_click_reaches_python_with_cell_row_col_and_value(open_demo: Open, shown):
    page, value = open_demo(), shown(4)
    aim(page, 2, 8.5 / 12, 3.5 / 9)
    page.mouse.down()
    page.mouse.up()
    number = float(value.cells[2].layers[0].to_array()[3, 8])
    expect(page.get_by_label("Last click")).to_have_value(
        f"colour: row 3, col 8, value {number}", timeout=10_000
    )


def test_a_double_click_zooms_and_neither_pins_nor_reaches_python(open_demo: Open):
    page = open_demo()
    page.mouse.dblclick(*middle(page, 2), delay=50)
    expect(page.get_by_test_id("zoom")).to_have_text("2.0×")
    before = readouts(page)
    aim(page, 0, 0.9, 0.1)
    page.wait_for_timeout(1000)
    assert readouts(page) != before
    expect(page.get_by_label("Last click")).to_have_value("")


def test_a_press_that_ends_outside_the_picture_does_not_drag_it(open_demo: Open):
    page = open_demo()
    page.get_by_role("button", name="Zoom in").click()
    before = placed(page)
    aim(page, 0, 0.5, 0.998)
    page.mouse.down()
    aim(page, 0, 0.5, 1.03)
    page.mouse.up()
    aim(page, 0, 0.5, 0.5)
    aim(page, 0, 0.2, 0.2)
    assert placed(page) == before


def test_streaming_keeps_the_view_mounts_nothing_anew_and_moves_nothing(open_demo: Open):
    page = open_demo()
    aim(page, 0, 0.6, 0.5)
    ctrl_wheel(page, 3)
    view = placed(page)
    page.evaluate(
        """() => {
            window.cells = [...document.querySelectorAll("[data-testid=cell]")];
            window.tops = () => window.cells.map((cell) => {
                const figures = cell.querySelector("dl").getBoundingClientRect();
                return Math.round(figures.top - cell.getBoundingClientRect().top);
            }).join();
            window.places = new Set();
            window.statuses = new Set();
            const watch = () => {
                window.places.add(window.tops());
                window.statuses.add(window.cells[0].dataset.status);
                requestAnimationFrame(watch);
            };
            watch();
        }"""
    )
    page.get_by_role("button", name="Stream the answers").click()
    page.wait_for_function("window.statuses.has('waiting')", timeout=10_000)
    expect(page.locator("[data-status=done]")).to_have_count(4, timeout=10_000)
    expect(page.get_by_test_id("answer").first).to_have_text("The star is red.")
    assert placed(page) == view
    assert page.evaluate("window.cells.every((cell) => cell.isConnected)")
    assert page.evaluate("[...window.statuses]") == ["done", "waiting", "running"]
    assert page.evaluate("window.places.size") == 1


def test_a_failed_cell_says_why_and_the_others_stand(open_demo: Open):
    page = open_demo()
    cells = show_cells(page, 8)
    failed = cells.nth(7)
    expect(failed).to_have_attribute("data-status", "failed")
    expect(failed.get_by_test_id("error")).to_contain_text("lacks the tensor")
    expect(failed.get_by_test_id("verdict")).to_contain_text("failed")
    expect(page.get_by_test_id("map")).to_have_count(7)


def test_dropped_tokens_are_counted_and_hatched(open_demo: Open):
    page = open_demo()
    assert plain(page.get_by_test_id("kept").all_text_contents()) == [
        "108 of 108",
        "54 of 108 (50 %)",
        "54 of 108 (50 %)",
        "54 of 108 (50 %)",
    ]
    expect(page.get_by_test_id("dropped")).to_have_count(3)


def test_light_and_dark_are_gradios_own(open_demo: Open):
    colours = []
    for theme in ("light", "dark"):
        page = open_demo(theme=theme)
        style = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
        colours.append(page.get_by_test_id("grid").evaluate(style))
        brightness = [
            np.mean([float(n) for n in re.findall(r"[\d.]+", c)[:3]]) for c in colours[-1]
        ]
        assert (brightness[0] > brightness[1]) == (theme == "light")


def test_nothing_is_cut_or_overflows_on_a_narrow_screen(open_demo: Open):
    page = open_demo(width=360, height=780)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("[data-testid=grid] *")].filter((e) => {
            const box = e.getBoundingClientRect();
            const inPicture = e.closest("[data-testid=stage]") || e.closest(".sr-only");
            return box.width && !inPicture && (box.right > 361 || box.left < -1);
        }).map((e) => e.className)"""
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_pinch_zooms_all_cells(open_demo: Open):
    page = open_demo(has_touch=True)
    box = page.get_by_test_id("picture").first.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    touch = page.context.new_cdp_session(page)

    def fingers(apart: float, kind: str) -> None:
        points = [{"x": middle[0] + side * apart, "y": middle[1]} for side in (-1, 1)]
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [] if kind == "touchEnd" else points},
        )

    fingers(20, "touchStart")
    for apart in (30, 40, 50, 60):
        fingers(apart, "touchMove")
    fingers(60, "touchEnd")
    expect(page.get_by_test_id("zoom")).to_have_text("3.0×")
    assert len(set(placed(page))) == 1


def mark(page: Page, cell: int, corner: tuple[float, float], other: tuple[float, float]) -> None:
    """Drag a region on a cell's picture, with Region on."""
    aim(page, cell, *corner)
    page.mouse.down()
    aim(page, cell, (corner[0] + other[0]) / 2, (corner[1] + other[1]) / 2)
    aim(page, cell, *other)
    page.mouse.up()


def told_shares(page: Page) -> list[str]:
    return plain(page.get_by_test_id("region-shares").all_text_contents())


def percent(share: float | None) -> str:
    return "–" if share is None else f"{round(100 * share)} %"


def test_a_region_that_is_drawn_tells_the_shares_that_python_tells(open_demo: Open, shown):
    page, value = open_demo(), shown(8)
    show_cells(page, 8)
    before = placed(page)
    page.get_by_role("button", name="Region", exact=True).click()
    mark(page, 1, (0.25, 0.125), (0.75, 0.625))
    expect(page.get_by_test_id("region")).to_have_count(8)
    assert placed(page) == before
    expected = []
    for cell in value.cells:
        found = shares(cell, (0.25, 0.125, 0.75, 0.625), "score")
        parts = [percent(found.relevance), percent(found.kept), percent(found.area)]
        expected.append("In the region: {} of score {} of kept {} of image".format(*parts))
    assert told_shares(page) == expected


def test_python_is_told_the_region_and_a_click_takes_it_away(open_demo: Open):
    page = open_demo()
    page.get_by_role("button", name="Region", exact=True).click()
    mark(page, 0, (0.9, 0.9), (0.5, 0.5))
    page.get_by_role("button", name="Ask how the grid is looked at").click()
    told = page.get_by_test_id("json-view").or_(page.locator(".json-holder")).first
    expect(told).to_contain_text("region")
    expect(told).to_contain_text("0.5")
    aim(page, 2, 0.2, 0.2)
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_test_id("region")).to_have_count(0)
    expect(page.get_by_label("Last click")).to_have_value("")


def test_a_finger_draws_a_region_on_a_narrow_screen_and_all_of_it_is_told(open_demo: Open):
    page = open_demo(width=360, height=780, has_touch=True)
    page.get_by_role("button", name="Region", exact=True).click()
    page.get_by_test_id("picture").first.scroll_into_view_if_needed()
    box = page.get_by_test_id("picture").first.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, part: float) -> None:
        point = {"x": box["x"] + part * box["width"], "y": box["y"] + part * box["height"]}
        points = [] if kind == "touchEnd" else [point]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", 0.25)
    for part in (0.4, 0.6, 0.75):
        finger("touchMove", part)
    finger("touchEnd", 0.75)
    expect(page.get_by_test_id("region-shares").first).to_contain_text("25 % of image")
    lines = page.get_by_test_id("region-shares")
    assert lines.evaluate_all("all => all.every((e) => e.scrollWidth <= e.clientWidth)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_vote_reaches_python_with_ids_and_order(open_demo: Open):
    page = open_demo()
    page.get_by_label("Ask for a vote").check()
    page.get_by_label("Blind until the vote").check()
    vote = page.get_by_role("group", name="Vote")
    expect(page.get_by_role("heading", name="Baseline")).to_have_count(0)
    vote.get_by_role("button", name="B", exact=True).click()
    vote.get_by_role("button", name="Vote", exact=True).click()
    expect(page.get_by_label("Last vote")).not_to_have_value("", timeout=10_000)
    told = page.get_by_label("Last vote").input_value()
    chosen, order, blind = re.split(r"; (?:shown as )?", told)
    assert sorted(order.split(", ")) == ["baseline", "colour", "edges", "random"]
    assert order.split(", ")[1] == chosen
    assert blind == "blind"
    expect(page.get_by_role("heading", name="Baseline")).to_have_count(1)


def test_python_is_told_how_the_grid_is_looked_at_when_it_asks(open_demo: Open):
    page = open_demo()
    page.get_by_test_id("picture").nth(1).focus()
    for key in ("+", "r", "d", "l"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Ask how the grid is looked at").click()
    told = page.get_by_test_id("json-view").or_(page.locator(".json-holder")).first
    for fact in ('"edges"', "1.5", "true", "false"):
        expect(told).to_contain_text(fact)


def test_a_stream_that_takes_and_gives_the_grid_loses_no_view(open_demo: Open):
    page = open_demo()
    page.get_by_test_id("picture").first.focus()
    page.keyboard.press("+")
    page.get_by_role("button", name="Stream the answers").click()
    expect(page.locator("[data-status=running]")).not_to_have_count(0, timeout=10_000)
    page.get_by_test_id("picture").first.focus()
    page.keyboard.press("+")
    expect(page.get_by_test_id("zoom")).to_have_text("2.3×")
    expect(page.locator("[data-status=done]")).to_have_count(4, timeout=10_000)
    expect(page.get_by_test_id("zoom")).to_have_text("2.3×")


AXE = Path(__file__).parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_an_automatic_audit_finds_nothing_in_gradios_colours(open_demo: Open, theme, width):
    page = open_demo(theme=theme, width=width)
    show_cells(page, 8)
    page.get_by_test_id("picture").first.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press(".")
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        """async () => {
            const rules = { "heading-order": { enabled: false } };
            const result = await axe.run("[data-testid=grid]", { rules });
            return result.violations.map(({ id, nodes }) => [id, ...nodes.map((n) => n.html)]);
        }"""
    )
    assert found == []


def test_the_whole_screen_is_the_grids_and_is_given_back(open_demo: Open):
    page = open_demo()
    page.get_by_test_id("picture").first.focus()
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement?.dataset.testid === 'grid'")
    expect(page.get_by_role("button", name="Full screen")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def test_an_image_of_eight_megapixels_is_shown(open_demo: Open):
    page = open_demo()
    choose_scene(page, "A large image")
    image = page.locator("[data-testid=stage] img").first
    expect(image).to_have_js_property("naturalWidth", 3456)
    aim(page, 1, 0.5, 0.5)
    ctrl_wheel(page, 6)
    expect(page.get_by_test_id("zoom")).to_have_text("6.0×")
