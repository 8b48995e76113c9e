"""The tab of checkpoints, in a browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support.heads import save_head

from vlmscope.engine.loading import find_base


@pytest.fixture
def tab(app, open_page) -> Page:
    page = open_page(app.address)
    page.get_by_role("tab", name="Checkpoints").click()
    expect(rows(page).filter(has_text="influence_step-0600")).to_have_count(1)
    return page


def rows(page: Page):
    return page.locator("#checkpoints .virtual-row")


def pick(page: Page, name: str) -> None:
    rows(page).filter(has_text=name).get_by_text(name, exact=True).click()
    expect(page.locator("#card h2")).to_have_text(name)


def test_the_table_is_filtered_sorted_and_tells_the_best_by_a_metric(tab: Page):
    tab.locator("#words input, #words textarea").fill("step")
    expect(rows(tab).filter(has_text="few-tokens")).to_have_count(0)
    tab.get_by_label("Sorted by").click()
    tab.get_by_role("option", name="step", exact=True).click()
    expect(rows(tab).first).to_contain_text("influence_step-0600")
    expect(tab.locator("#best")).to_contain_text("Best by")
    expect(tab.locator("#over-steps")).to_be_visible()


def test_a_card_says_whether_it_would_load_and_the_checkpoint_joins_the_comparison(tab: Page):
    pick(tab, "one")
    expect(tab.locator("#card")).to_contain_text("Would load on this base")
    expect(tab.locator("#card")).to_contain_text("10 tensors")
    tab.get_by_role("button", name="Add to the comparison").click()
    expect(tab.get_by_text("ARR-COC one is ticked in the comparison.")).to_be_visible()
    tab.get_by_role("tab", name="Compare").click()
    expect(tab.get_by_label("ARR-COC one")).to_be_checked()


def test_a_folder_that_is_typed_is_looked_into_and_what_lies_there_answers(
    tab: Page, tmp_path: Path
):
    head = save_head(tmp_path / "new_step-7.safetensors", find_base().hidden_size)
    save_head(tmp_path / "large.safetensors", 2048)
    tab.locator("#place input, #place textarea").fill(str(tmp_path))
    tab.get_by_role("button", name="Look", exact=True).click()
    pick(tab, "large")
    expect(tab.locator("#card .misfit")).to_contain_text("Qwen3-VL-2B")
    expect(tab.get_by_role("button", name="Add to the comparison")).to_be_hidden()
    pick(tab, "new_step-7")
    tab.get_by_role("button", name="Add to the comparison").click()
    expect(tab.get_by_text("ARR-COC new step-7 is ticked")).to_be_visible()
    tab.get_by_role("tab", name="Compare").click()
    for label in ("Baseline · all tokens", "Random · seed 0"):
        tab.get_by_label(label).set_checked(label.startswith("Baseline"))
    tab.locator("#examples button").first.click()
    expect(tab.locator("#question textarea")).not_to_have_value("")
    tab.locator("#compare").click()
    cell = tab.get_by_test_id("cell").filter(has_text="ARR-COC new step-7")
    expect(cell).to_contain_text("50 of 100")
    head.unlink()


def test_a_place_that_is_not_there_is_a_sentence_and_the_rest_stays(tab: Page):
    tab.locator("#place input, #place textarea").fill("/nowhere/at/all")
    tab.get_by_role("button", name="Look", exact=True).click()
    expect(tab.get_by_role("alert").filter(has_text="/nowhere/at/all")).to_be_visible()
    expect(rows(tab).filter(has_text="influence_step-0600")).to_have_count(1)


def test_notes_are_written_beside_the_file_and_new_files_appear(tab: Page, heads: Path):
    pick(tab, "two")
    tab.get_by_label("archive").check()
    tab.locator("#note-notes textarea").fill("drops the digits")
    tab.get_by_role("button", name="Save notes").click()
    expect(tab.get_by_text("Written to metadata.json.")).to_be_visible()
    written = json.loads((heads / "metadata.json").read_text())
    assert written["two.safetensors"] == {"notes": "drops the digits", "keep": False}
    expect(rows(tab).filter(has_text="drops the digits")).to_have_count(1)
    late = save_head(heads / "three.safetensors", find_base().hidden_size)
    tab.get_by_role("button", name="Look again").click()
    expect(rows(tab).filter(has_text="three")).to_have_count(1)
    late.unlink()
    (heads / "metadata.json").unlink()


def look_into(page: Page, place: str) -> None:
    page.locator("#place input, #place textarea").fill(place)
    page.get_by_role("button", name="Look", exact=True).click()


def test_strangers_look_into_repositories_fetch_what_they_add_and_see_no_disk(
    shared_app, hub, open_page, tmp_path: Path
):
    page = open_page(shared_app.address)
    page.get_by_role("tab", name="Checkpoints").click()
    expect(rows(page).filter(has_text="influence_step-0600")).to_have_count(1)
    look_into(page, str(tmp_path))
    expect(page.get_by_role("alert").filter(has_text="only into repositories")).to_be_visible()
    look_into(page, "hf://other/heads")
    expect(page.get_by_role("alert").filter(has_text="may not be read here")).to_be_visible()
    look_into(page, "https://huggingface.co/someone/heads")
    pick(page, "theirs_step-9")
    expect(page.locator("#card")).to_contain_text("hf://someone/heads@")
    expect(page.get_by_role("button", name="Save notes")).to_be_hidden()
    page.get_by_role("button", name="Add to the comparison").click()
    expect(page.get_by_text("ARR-COC theirs step-9 is ticked")).to_be_visible()
    assert hub.asked("/store/")
    pick(page, "influence_step-0600")
    expect(page.locator("#card")).not_to_contain_text("place")
    page.get_by_role("tab", name="Compare").click()
    expect(page.get_by_label("ARR-COC theirs step-9")).to_be_checked()
    page.locator("#examples button").first.click()
    expect(page.locator("#question textarea")).not_to_have_value("")
    page.locator("#compare").click()
    cell = page.get_by_test_id("cell").filter(has_text="ARR-COC theirs step-9")
    expect(cell).to_contain_text("50 of 100")
