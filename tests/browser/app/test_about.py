"""The tab About, in a browser."""

import re

from playwright.sync_api import expect

from screenshot import go_to


def test_about_says_what_runs_and_reads_memory_anew(app, open_page):
    page = open_page(app.address)
    expect(page.get_by_role("tab", name="About")).to_have_count(1)
    page.get_by_role("tab", name="About").click()
    about = page.locator("#about")
    expect(about).to_contain_text("Nothing leaves this machine")
    expect(about.get_by_role("row").filter(has_text="torch")).not_to_have_count(0)
    memory = page.locator("#about-memory")
    expect(memory).to_contain_text(re.compile(r"process[\d,]+ MiB now, [\d,]+ MiB at peak"))
    told = memory.locator("p").inner_text()
    page.wait_for_timeout(1100)  # its time is told in seconds
    memory.get_by_role("button", name="Read again").click()
    expect(memory.locator("p")).not_to_have_text(told)


def test_about_fits_a_narrow_page(app, open_page):
    page = open_page(app.address, width=360)
    go_to(page, "About")
    expect(page.get_by_role("heading", name="Limits")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
