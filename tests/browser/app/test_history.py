"""The history in a real browser: kept over a restart, one's own, in files and in the grid."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from vlmscope import Result, Run, RunImage, Variant

from .conftest import Running, start


def saved_run(path, question: str):
    pixels = Image.new("RGB", (64, 64), (200, 40, 80))
    result = Result("baseline", Variant.parse("baseline"), "done", "A red square.")
    Run({}, {"dtype": "float32"}, RunImage(pixels, 2, 2), question, (result,)).save(path)
    return path


@contextmanager
def running(folder) -> Iterator[Running]:
    yield from start({"HISTORY": str(folder), "PORT": "17995", "MAX_NEW_TOKENS": "8"}, None)


def bring(page: Page, file) -> None:
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Import…").click()
    chosen.value.set_files(file)
    expect(page.locator("#history-said")).to_contain_text("1 entry is in your history now.")


def entries(page: Page):
    return page.locator("#history-entries [data-entry]")


def show(page: Page, question: str) -> None:
    entries(page).filter(has_text=question).click()
    expect(page.locator("#history-details h2")).to_have_text(question)


def test_an_entry_keeps_its_notes_tags_and_rating_over_a_restart_and_opens_in_the_grid(
    chromium, tmp_path
):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    with running(tmp_path / "history") as app:
        page.goto(app.address)
        page.get_by_role("tab", name="History").click()
        bring(page, saved_run(tmp_path / "run.json", "What is it?"))
        show(page, "What is it?")
        page.get_by_label("Notes").fill("Looks at the corner.")
        page.get_by_label("Tags, commas between").fill("paper, odd")
        page.locator("#history-rating").get_by_label("4", exact=True).check()
        expect(entries(page).first).to_contain_text("★★★★☆")
        expect(entries(page).first).to_contain_text("paper")
    with running(tmp_path / "history") as app:
        page.goto(app.address)
        page.get_by_role("tab", name="History").click()
        expect(entries(page)).to_have_count(1)
        page.get_by_label("With the words").fill("corner")
        show(page, "What is it?")
        expect(page.get_by_label("Notes")).to_have_value("Looks at the corner.")
        expect(page.get_by_label("Tags, commas between")).to_have_value("paper, odd")
        expect(page.locator("#history-rating").get_by_label("4", exact=True)).to_be_checked()
        page.get_by_role("button", name="Open in the grid").click()
        expect(page.get_by_test_id("answer").first).to_have_text("A red square.")
        expect(page.get_by_role("textbox", name="Question", exact=True)).to_have_value(
            "What is it?"
        )
    context.close()


@pytest.fixture(scope="module")
def app_of_two(tmp_path_factory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("two") / "history") as app:
        yield app


def test_two_browsers_at_once_see_only_their_own(app_of_two, open_page, tmp_path):
    pages = [open_page(app_of_two.address) for _ in range(2)]
    for number, page in enumerate(pages):
        page.get_by_role("tab", name="History").click()
        bring(page, saved_run(tmp_path / f"{number}.json", f"Number {number}?"))
    for number, page in enumerate(pages):
        page.reload()
        page.get_by_role("tab", name="History").click()
        expect(entries(page)).to_have_count(1)
        expect(entries(page)).to_contain_text(f"Number {number}?")


def test_who_opens_the_tab_before_the_page_knows_them_finds_their_own_too(
    app_of_two, open_page, tmp_path
):
    page = open_page(app_of_two.address)
    page.get_by_role("tab", name="History").click()
    bring(page, saved_run(tmp_path / "mine.json", "Is it mine?"))
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route("**/run/predict*", hold_the_first)
    page.reload()
    page.get_by_role("tab", name="History").click()
    expect(page.locator("#history-range")).to_have_text("0 entries")
    held[0].continue_()
    expect(entries(page)).to_have_count(1)
    expect(entries(page)).to_contain_text("Is it mine?")


def test_an_export_is_saved_and_what_is_deleted_is_asked_for_and_gone(
    app_of_two, open_page, tmp_path
):
    page = open_page(app_of_two.address)
    page.get_by_role("tab", name="History").click()
    bring(page, saved_run(tmp_path / "run.json", "What is it?"))
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export").click()
    saved.value.save_as(tmp_path / "saved.csv")
    assert "What is it?" in (tmp_path / "saved.csv").read_text("utf-8-sig")
    page.get_by_label("Pick What is it?").check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(entries(page)).to_have_count(1)
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(entries(page)).to_have_count(0)
    expect(page.locator("#history-range")).to_have_text("0 entries")
