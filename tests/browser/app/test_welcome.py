"""The first page of a Space, in a browser: the owner's note on a duplicate, and a way to a copy."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from whereabouts import ORIGINAL

from .conftest import MAX_NEW_TOKENS, Running, start

ON_A_SPACE = {"SYSTEM": "spaces", "HF_HUB_OFFLINE": "1", "MAX_NEW_TOKENS": str(MAX_NEW_TOKENS)}


@pytest.fixture(scope="module")
def duplicate() -> Iterator[Running]:
    own = {"SPACE_ID": "ada/vlmscope", "PUBLIC": "no", "PORT": "17960"}
    yield from start(ON_A_SPACE | own, None)


@pytest.fixture(scope="module")
def original() -> Iterator[Running]:
    yield from start(ON_A_SPACE | {"SPACE_ID": ORIGINAL, "PORT": "17970"}, None)


def strip(page: Page):
    return page.locator("#first-run")


def test_the_owners_note_opens_and_once_dismissed_stays_away_in_that_browser(duplicate, open_page):
    page = open_page(duplicate.address)
    summary = strip(page).locator("summary")
    expect(summary).to_contain_text("runs without a GPU, HUB, SECRET and HISTORY")
    settings = strip(page).get_by_role("link", name="Open the settings of this Space")
    expect(settings).not_to_be_visible()
    summary.focus()
    page.keyboard.press("Enter")
    expect(settings).to_have_attribute(
        "href", "https://huggingface.co/spaces/ada/vlmscope/settings"
    )
    strip(page).get_by_role("button", name="Dismiss this note").click()
    expect(strip(page)).not_to_be_visible()
    page.reload()
    page.locator("#note").wait_for()
    expect(strip(page)).not_to_be_visible()
    expect(strip(open_page(duplicate.address))).to_be_visible()


@pytest.mark.parametrize("which", ["duplicate", "original"])
def test_a_first_page_fits_a_narrow_window(which, request, open_page):
    page = open_page(request.getfixturevalue(which).address, width=360)
    expect(page.locator(".strip").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_visitors_of_the_original_find_how_to_have_a_copy_and_no_settings(original, open_page):
    page = open_page(original.address)
    expect(strip(page)).to_have_count(0)
    page.context.route("https://huggingface.co/**", lambda route: route.fulfill(body="The Hub"))
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Duplicate this Space").click()
    copy = re.compile(rf"/spaces/{re.escape(ORIGINAL)}\?duplicate=true$")
    expect(opened.value).to_have_url(copy)
