"""Many cases at once: they come one after the other, stop, go on, and open in the grid."""

import re
import shutil
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from vlmscope.engine.loading import shipped_folder

from .conftest import PATIENCE_MS, Running

SUITES = shipped_folder().parent / "suites"
QUESTIONS = "What colour is the star?\nHow many circles are there?"


@pytest.fixture
def images(tmp_path) -> list[Path]:
    return [
        Path(shutil.copy(SUITES / "images" / f"scene-0{n}.png", tmp_path / f"{n}.png"))
        for n in (1, 2, 3)
    ]


def opened(page: Page) -> Page:
    page.get_by_role("tab", name="Batch", exact=True).click()
    return page


def come_back(context: BrowserContext, app: Running) -> Page:
    """A new page of the same person, at the tab of batches."""
    page = context.new_page()
    page.goto(app.address)
    page.locator("#note, [data-testid=cell]").first.wait_for()
    return opened(page)


def tick(page: Page, *names: str) -> None:
    for box in page.locator("#batch-variants label").all():
        box.locator("input").set_checked(box.inner_text().startswith(names))


def ask(page: Page, images: list[Path], questions: str = QUESTIONS) -> None:
    """Three images, two questions, two variants."""
    page.locator("#batch-images input[type=file]").set_input_files(images)
    expect(page.locator("#batch-images .thumbnail-lg")).to_have_count(len(images))
    page.locator("#batch-questions textarea").fill(questions)
    tick(page, "Baseline", "Uniform")
    page.locator("#batch-run").click()


def progress(page: Page) -> Locator:
    return page.locator("#batch-progress")


def pictures(page: Page) -> Locator:
    return page.locator("#batch-gallery .thumbnail-lg")


def test_results_appear_as_they_come_stop_and_go_on(app, open_page, images):
    page = opened(open_page(app.address))
    # Enough of them to be met at work, also by who is slow to look.
    questions = [f"How many circles are there, if {number} are red?" for number in range(1, 16)]
    ask(page, images, "\n".join(["What colour is the star?", *questions]))
    expect(progress(page)).to_contain_text(re.compile(r"\d+ of 48 cases .* left"))
    expect(pictures(page).first).to_contain_text("What colour is the star?")
    page.locator("#batch-stop").click()
    expect(progress(page)).to_contain_text("Stopped")
    expect(page.locator("#batch-run")).to_be_enabled()
    shown = pictures(page).count()
    assert 1 <= shown < 48
    page.wait_for_timeout(1500)
    assert pictures(page).count() == shown
    page.locator("#batch-go-on").click()
    expect(progress(page)).to_contain_text("Done", timeout=4 * PATIENCE_MS)
    expect(progress(page)).to_contain_text("48 of 48 cases")
    expect(pictures(page)).to_have_count(48)
    expect(pictures(page).nth(47)).to_contain_text(
        re.compile(
            r"48\s+How many circles.*Baseline: .* · \d+ tokens.*Uniform.*: .* · \d+ tokens", re.S
        )
    )


def test_four_columns_unless_told_otherwise(app, open_page, images):
    page = opened(open_page(app.address))
    ask(page, images)
    expect(progress(page)).to_contain_text("Done")

    def columns() -> int:
        tops = [pictures(page).nth(n).bounding_box() for n in range(6)]
        return sum(box is not None and box["y"] == tops[0]["y"] for box in tops if tops[0])

    assert columns() == 4
    page.get_by_label("Columns").click()
    page.get_by_role("option", name="2 columns").click()
    page.wait_for_timeout(500)
    assert columns() == 2


def test_a_click_on_a_picture_opens_that_case_in_the_grid_twice_if_need_be(app, open_page, images):
    page = opened(open_page(app.address))
    ask(page, images)
    expect(progress(page)).to_contain_text("Done")
    for _ in range(2):
        pictures(page).nth(3).click()
        grid = page.get_by_test_id("grid")
        expect(grid).to_contain_text("How many circles are there?")
        expect(page.locator("#note")).to_contain_text("Case 4 of the batch")
        expect(page.get_by_test_id("cell")).to_have_count(2)
        opened(page)


def test_a_click_on_a_cell_of_the_matrix_opens_its_case(app, open_page, images):
    page = opened(open_page(app.address))
    ask(page, images)
    expect(progress(page)).to_contain_text("Done")
    page.get_by_role("tab", name="Matrix").click()
    plot = page.locator("#batch-matrix .nsewdrag")
    plot.wait_for()
    box = plot.bounding_box()
    assert box
    # The third of six rows, in the second of two columns.
    plot.click(position={"x": box["width"] * 0.75, "y": box["height"] * 2.5 / 6})
    expect(page.locator("#note")).to_contain_text("Case 3 of the batch")
    expect(page.get_by_test_id("grid")).to_contain_text("What colour is the star?")


def test_who_comes_back_finds_their_batch_going_on_and_a_stopped_one_stopped(
    talkative_app, open_page, images
):
    page = opened(open_page(talkative_app.address))
    context = page.context
    ask(page, images[:2], "What?")
    expect(progress(page)).to_contain_text("0 of 2 cases")
    page.close()
    page = come_back(context, talkative_app)
    expect(progress(page)).to_contain_text("Running")
    page.locator("#batch-stop").click()
    expect(progress(page)).to_contain_text("Stopped")
    page.reload()
    page.locator("#note, [data-testid=cell]").first.wait_for()
    opened(page)
    expect(progress(page)).to_contain_text("Stopped")
    expect(page.locator("#batch-go-on")).to_be_visible()


def latest(app: Running) -> tuple[str, int]:
    """The state of the batch that was begun last, as it is kept, and how many of its cases are."""
    with closing(sqlite3.connect(app.kept / "history.sqlite3")) as kept:
        return kept.execute(
            "SELECT state, (SELECT count(*) FROM cases WHERE entry = entries.id) FROM entries "
            "WHERE kind = 'batch' ORDER BY id DESC LIMIT 1"
        ).fetchone()


def test_a_batch_pauses_when_its_person_leaves_and_goes_on_to_its_end_when_they_are_back(
    app, open_page, images
):
    page = opened(open_page(app.address))
    context = page.context
    ask(page, images, "\n".join(f"How many circles are there, if {n} are red?" for n in range(30)))
    expect(pictures(page).first).to_contain_text("if 0 are red?")
    page.close()
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while latest(app)[0] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    state, finished = latest(app)
    assert state == "paused"
    assert 1 <= finished < 90
    time.sleep(1)
    assert latest(app) == (state, finished)
    page = come_back(context, app)
    expect(progress(page)).to_contain_text("Done", timeout=4 * PATIENCE_MS)
    expect(progress(page)).to_contain_text("90 of 90 cases")
    expect(pictures(page)).to_have_count(64)


def test_the_held_out_suite_gives_accuracy_for_each_variant_and_type(app, open_page):
    page = opened(open_page(app.address))
    page.get_by_label("Held-out suite").check()
    page.locator("#batch-count input[type=number]").fill("5")
    tick(page, "Baseline", "ARR-COC influence step-0600")
    page.locator("#batch-run").click()
    expect(progress(page)).to_contain_text("Done")
    table = page.get_by_role("table", name="Accuracy")
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table.locator("thead")).to_contain_text(
        re.compile("all.*specific.*vague.*detail.*counting", re.S)
    )
    expect(table.locator("tbody tr").first).to_contain_text(
        re.compile(r"Baseline.*\d+ %.*of 5", re.S)
    )
    page.get_by_text("How answers were judged").click()
    expect(page.get_by_role("table", name="How answers were judged")).to_contain_text("exact")
    expect(pictures(page).first).to_contain_text(re.compile("[✓✗] Baseline"))


def test_a_measured_batch_has_latency_and_another_has_not(app, open_page, images):
    page = opened(open_page(app.address))
    ask(page, images[:1], "What?")
    expect(progress(page)).to_contain_text("Done")
    page.get_by_role("tab", name="Matrix").click()
    measures = page.locator("#batch-measure label")
    expect(measures).to_have_text(["Image tokens"])
    page.get_by_label("Measure latency").check()
    page.locator("#batch-run").click()
    expect(measures).to_have_text(["Image tokens", "Latency"])
    expect(progress(page)).to_contain_text("Done")
    page.get_by_role("radio", name="Latency").check()
    expect(page.locator("#batch-matrix .cbtitle")).to_have_text("s")


def test_a_suite_of_ones_own_comes_with_its_images_in_a_zip(app, open_page, tmp_path, images):
    place = tmp_path / "mine.zip"
    with zipfile.ZipFile(place, "w") as file:
        file.write(images[0], "images/first.png")
        file.writestr(
            "mine.jsonl",
            '{"id": "a", "image": "images/first.png", "query": "Is it?", "expected": true}',
        )
    page = opened(open_page(app.address))
    page.get_by_label("Suite file").check()
    page.locator("#batch-files input[type=file]").set_input_files(place)
    expect(page.locator("#batch-files")).to_contain_text("mine")
    tick(page, "Baseline")
    page.locator("#batch-run").click()
    expect(progress(page)).to_contain_text("1 of 1 cases")
    expect(pictures(page).first).to_contain_text("Is it? [yes]")


def test_what_is_missing_is_said_beside_its_field(app, open_page, tmp_path):
    page = opened(open_page(app.address))
    tick(page)
    page.locator("#batch-run").click()
    alerts = page.locator("#batch-form").get_by_role("alert")
    expect(alerts).to_have_count(3)
    for sentence in ("There is no image yet", "There is no question yet", "No variant is chosen"):
        expect(alerts.filter(has_text=sentence)).to_be_visible()
    page.get_by_label("Suite file").check()
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    page.locator("#batch-files input[type=file]").set_input_files(tmp_path / "a.png")
    expect(page.locator("#batch-files")).to_contain_text("a")
    page.locator("#batch-run").click()
    expect(alerts.filter(has_text="should be one suite file")).to_be_visible()


def test_the_variants_are_those_of_the_comparison_until_others_are_chosen(app, open_page):
    page = open_page(app.address)
    for box in page.locator("#variants label").all():
        box.locator("input").set_checked(box.inner_text().startswith("Center"))
    opened(page)
    ticked = page.locator("#batch-variants label:has(input:checked)")
    expect(ticked).to_have_count(1)
    expect(ticked).to_contain_text("Center")
    tick(page, "Random")
    page.get_by_role("tab", name="Compare").click()
    opened(page)
    page.wait_for_timeout(800)
    expect(ticked).to_contain_text("Random")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1440, "dark")])
def test_nothing_is_wider_than_the_window(app, open_page, width, scheme):
    page = opened(open_page(app.address, width=width, color_scheme=scheme))
    page.get_by_label("Held-out suite").check()
    page.locator("#batch-count input[type=number]").fill("1")
    page.locator("#batch-run").click()
    expect(progress(page)).to_contain_text("Done")
    for view in ("Matrix", "Gallery"):
        page.get_by_role("tab", name=view).click()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") == width
