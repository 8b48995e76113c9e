"""The grid in rows, in tabs that open later, in rendered parts and in examples."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def page(places: str, open_page: Callable[..., Page]) -> Page:
    return open_page(places)


def zoom_in(page: Page, place: str, times: int = 1) -> None:
    page.locator(f"{place} [data-testid=picture]").first.focus()
    for _ in range(times):
        page.keyboard.press("+")


def zoom(page: Page, place: str) -> str:
    return page.locator(f"{place} [data-testid=zoom]").inner_text()


def test_two_grids_in_a_row_stand_beside_each_other_and_move_apart(page: Page):
    left, right = (page.locator(place).bounding_box() for place in ("#left", "#right"))
    assert left
    assert right
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    assert abs(left["width"] - right["width"]) < 2
    zoom_in(page, "#left", 2)
    assert (zoom(page, "#left"), zoom(page, "#right")) == ("2.3×", "1.0×")


def test_keys_do_nothing_while_the_focus_is_elsewhere(page: Page):
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("+")
    page.keyboard.press("2")
    assert zoom(page, "#left") == "1.0×"
    expect(page.locator("#left [data-testid=cell]")).to_have_count(2)


def test_a_tab_that_opens_later_shows_its_grid_whole_and_keeps_it_when_hidden(page: Page):
    page.get_by_role("tab", name="Later").click()
    expect(page.locator("#later [data-testid=map]")).to_have_count(2)
    box = page.locator("#later [data-testid=picture]").first.bounding_box()
    assert box
    assert box["width"] > 300
    assert box["width"] / box["height"] == pytest.approx(90 / 60, rel=0.01)
    zoom_in(page, "#later")
    page.get_by_role("tab", name="First").click()
    expect(page.locator("#left")).to_be_visible()
    page.get_by_role("tab", name="Later").click()
    assert zoom(page, "#later") == "1.5×"


def test_a_grid_that_is_rendered_again_under_its_key_draws_on(page: Page):
    page.get_by_role("tab", name="Rendered").click()
    expect(page.locator("#kept [data-testid=map]")).to_have_count(2)
    for count in ("2", "3"):
        page.get_by_label("Count").fill(count)
        page.get_by_label("Count").press("Enter")
        expect(page.locator("#rendered-for")).to_have_text(f"rendered for {count}")
        expect(page.locator("#kept [data-testid=map]")).to_have_count(2)
    zoom_in(page, "#kept")
    assert zoom(page, "#kept") == "1.5×"


def test_an_example_is_told_by_its_question_and_opens_with_its_cached_result(page: Page):
    page.get_by_role("tab", name="Examples").click()
    page.get_by_text("Which of 3? · 3 cells").click()
    expect(page.locator("#shown [data-testid=map]")).to_have_count(3)
    expect(page.get_by_label("Cells", exact=True)).to_have_value("k l m")
