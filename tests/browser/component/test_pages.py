"""A comparison as a page that stands by itself, and what is saved from a page."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Browser, Download, Page, expect

from gradio_comparisongrid import Comparison

Open = Callable[..., Page]


def save(page: Page, what: str) -> Download:
    page.get_by_role("button", name="Save this comparison").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=what).click()
    return download.value


@pytest.fixture
def file(shown, tmp_path: Path) -> Path:
    value = shown(4)
    value.query = "</script><script>document.title = 'broken'</script>What colour?"
    return value.to_html(tmp_path / "run.html")


@pytest.fixture
def offline(file: Path, open_page: Open) -> Page:
    """The page of the demo's comparison, from a file, in a browser without a network."""
    page = open_page(file.as_uri())
    page.context.set_offline(True)
    return page


def test_the_page_asks_nothing_of_anyone_and_does_everything(file: Path, open_page: Open):
    page = open_page(file.as_uri())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.get_by_test_id("map").first.wait_for()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    expect(page).to_have_title("</script><script>document.title = 'broken'</script>What colour?")
    expect(page.get_by_test_id("cell")).to_have_count(4)
    picture = page.get_by_test_id("picture").nth(1)
    picture.focus()
    for key in ("+", ".", "."):
        page.keyboard.press(key)
    expect(page.get_by_test_id("zoom")).to_have_text("1.5×")
    expect(page.get_by_test_id("read")).to_have_text("“star”, word 2 of 4")
    for key in ("Escape", "d", "s"):
        page.keyboard.press(key)
    expect(page.get_by_test_id("swipe")).to_have_count(3)
    images = page.locator("[data-testid=stage] img")
    assert images.first.evaluate("image => image.naturalWidth") == 960


def test_the_page_saves_itself_again_with_its_view(offline: Page, open_page: Open, tmp_path: Path):
    offline.get_by_label("Colours").select_option("magma")
    download = save(offline, "Page that works offline (HTML)")
    download.save_as(tmp_path / "again.html")
    again = open_page((tmp_path / "again.html").as_uri())
    expect(again.get_by_test_id("map")).to_have_count(4)
    expect(again.get_by_label("Colours")).to_have_value("magma")
    save(again, "Page that works offline (HTML)").save_as(tmp_path / "third.html")
    assert (tmp_path / "third.html").read_text() == (tmp_path / "again.html").read_text()


def test_the_page_is_light_or_dark_as_the_person_likes(file: Path, open_page: Open):
    for scheme in ("light", "dark"):
        page = open_page(file.as_uri(), color_scheme=scheme)
        colours = page.get_by_test_id("grid").evaluate(
            "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
        )
        sums = [sum(int(n) for n in colour[4:-1].split(",")) for colour in colours]
        assert (sums[0] > sums[1]) == (scheme == "light")


def test_what_the_demo_saves_as_json_python_opens(open_demo: Open, shown, tmp_path: Path):
    page = open_demo()
    page.get_by_test_id("picture").nth(2).focus()
    page.keyboard.press("r")
    page.keyboard.press("+")
    save(page, "Comparison (JSON)").save_as(tmp_path / "run.json")
    value = Comparison.load(tmp_path / "run.json")
    assert value.reference == "colour"
    assert value.view
    assert value.view.zoom == pytest.approx(1.5)
    ours = {"image", "view", "reference"}
    assert value.model_dump(exclude=ours) == shown(4).model_dump(exclude=ours)
    assert value.image
    assert PIL.Image.open(value.image.path).size == (960, 720)
    assert str(tmp_path) not in json.dumps(value.model_dump(exclude={"image"}))


def test_what_the_demo_saves_as_a_page_opens_without_it(open_demo: Open, open_page: Open, tmp_path):
    page = open_demo()
    save(page, "Page that works offline (HTML)").save_as(tmp_path / "run.html")
    kept = open_page((tmp_path / "run.html").as_uri())
    expect(kept.get_by_test_id("map")).to_have_count(4)
    assert kept.locator("[data-testid=stage] img").first.evaluate("i => i.naturalWidth") == 960


def test_what_the_demo_saves_as_a_sheet_is_a_picture(open_demo: Open, tmp_path: Path):
    page = open_demo()
    save(page, "Sheet (PNG)").save_as(tmp_path / "run.png")
    image = PIL.Image.open(tmp_path / "run.png")
    assert image.size[0] > 3000
    # In the first picture's first token: the lowest of viridis over the picture's pale ground.
    red, green, blue = np.asarray(image.convert("RGB"))[320, 80]
    assert red > green < blue
    assert max(red, green, blue) < 200


def test_a_notebook_shows_the_grid_in_its_frame(shown, browser: Browser, tmp_path: Path):
    (tmp_path / "notebook.html").write_text(f"<!doctype html>{shown(2)._repr_html_()}")
    page = browser.new_page()
    page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.frame_locator("iframe")
    expect(frame.get_by_test_id("map")).to_have_count(2)
    frame.get_by_test_id("picture").first.focus()
    page.keyboard.press("+")
    expect(frame.get_by_test_id("zoom")).to_have_text("1.5×")
    page.close()
