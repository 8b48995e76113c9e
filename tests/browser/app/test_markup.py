"""What people and repositories write is text in the browser too, wherever the page shows it."""

import pytest
from playwright.sync_api import expect
from safetensors.torch import save
from tests.support.heads import make_state

from vlmscope.engine.loading import find_base

MARKS = (
    "<img src=x onerror=window.hurt=1>",
    "<script>window.hurt=1</script>",
    "${window.hurt=1}{{#with this}}{{constructor}}{{/with}}",
)
HURT = "() => window.hurt"


@pytest.mark.parametrize("mark", MARKS)
def test_a_question_and_its_notes_are_text_in_the_grid_and_in_the_history(
    shared_app, open_page, mark
):
    page = open_page(shared_app.address)
    page.locator("#examples button").first.click()
    expect(page.locator("#image img")).to_be_visible()
    page.wait_for_timeout(500)
    page.locator("#question textarea").fill(f"What {mark}?")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("[data-testid=grid] .query")).to_have_text(f"What {mark}?")
    page.wait_for_function("() => !document.querySelector('#compare').disabled")
    page.get_by_role("tab", name="History").click()
    entry = page.locator("#history-entries").get_by_text(f"What {mark}?").first
    expect(entry).to_be_visible()
    entry.click()
    notes = page.locator("#history-notes textarea")
    notes.fill(f"N {mark}")
    notes.blur()
    expect(page.locator("#history-saved")).to_be_visible()
    page.locator("#history-search textarea, #history-search input").first.fill("What")
    expect(entry).to_be_visible()
    assert page.evaluate(HURT) is None


def test_what_a_repository_says_of_itself_is_text_in_the_list_and_on_its_card(
    shared_app, hub, open_page
):
    said = {"epoch": MARKS[0], "notes": MARKS[0], "metrics": MARKS[0]}
    state = save(make_state(find_base().hidden_size), said)
    hub.put("someone/marked", {f"{MARKS[0]}.safetensors": state})
    page = open_page(shared_app.address)
    page.get_by_role("tab", name="Checkpoints").click()
    page.locator("#place textarea, #place input").first.fill("hf://someone/marked")
    page.get_by_role("button", name="Look", exact=True).click()
    row = page.get_by_role("gridcell").get_by_text("onerror").first
    expect(row).to_be_visible()
    row.click()
    expect(page.locator("article.card h2")).to_contain_text("onerror")
    assert page.evaluate(HURT) is None
