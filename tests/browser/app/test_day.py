"""A researcher's day, from new checkpoints to a note that is found tomorrow; and two people at once."""

import csv
import re
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect
from tests.support.heads import make_state, save_head

from first import stored_run
from vlmscope.engine.loading import find_base

from .conftest import MAX_NEW_TOKENS, start
from .test_batch import pictures, progress
from .test_checkpoints import pick, rows
from .test_compare import FIRST, cells, compare, pick_first_example, tick

running = contextmanager(start)

VARIANTS = ("Baseline", "ARR-COC early", "ARR-COC late")
NOTE = "late reads the tag, early does not"
FOUR_STARS = "★★★★☆"


def go(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab, exact=True).click()


def answers(page: Page) -> list[str]:
    shown = [cells(page).nth(i).get_by_test_id("answer") for i in range(cells(page).count())]
    return [" ".join(each.inner_text().split()) for each in shown]


def entries(page: Page) -> Locator:
    return page.locator("#history-entries li")


def exported(page: Page, format: str, folder: Path) -> Path:
    page.get_by_label("Format").click()
    page.get_by_role("option", name=format, exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export", exact=True).click()
    assert saved.value.suggested_filename.endswith(f".{format.lower()}")
    file = folder / saved.value.suggested_filename
    saved.value.save_as(file)
    return file


def test_a_day_from_new_checkpoints_to_a_note_that_is_found_after_a_restart(open_page, tmp_path):
    folder = tmp_path / "training"
    folder.mkdir()
    settings = {
        "CHECKPOINTS": str(folder),
        "HISTORY": str(tmp_path / "history"),
        "MAX_NEW_TOKENS": str(MAX_NEW_TOKENS),
        # The browser is known again at the same address alone.
        "PORT": "17860",
    }
    with running(settings, None) as app:
        page = open_page(app.address)
        training_saves_two_checkpoints(folder)
        both_join_the_comparison(page)
        told = they_are_compared_and_measured(page)
        the_suite_is_run_with_the_same_variants(page)
        a_note_and_a_rating_are_written(page)
        table, document = (exported(page, format, tmp_path) for format in ("CSV", "HTML"))
        address = app.address
        page.goto("about:blank")
    the_table_holds_what_was_seen_and_thought(table, told)
    the_document_works_by_itself(page, document, told)
    with running(settings, None) as app:
        assert app.address == address
        page.goto(app.address)
        all_of_it_is_found_again(page, told)


def training_saves_two_checkpoints(folder: Path) -> None:
    hidden_size = find_base().hidden_size
    for seed, name in enumerate(("early", "late")):
        save_head(
            folder / f"{name}.safetensors", hidden_size, state=make_state(hidden_size, seed=seed)
        )


def both_join_the_comparison(page: Page) -> None:
    go(page, "Checkpoints")
    for name in ("early", "late"):
        expect(rows(page).filter(has_text=name)).to_have_count(1)
        pick(page, name)
        page.get_by_role("button", name="Add to the comparison").click()
        expect(page.get_by_text(f"ARR-COC {name} is ticked in the comparison.")).to_be_visible()


def they_are_compared_and_measured(page: Page) -> list[str]:
    """What each answered, by itself as together."""
    go(page, "Compare")
    for name in ("early", "late"):
        expect(page.get_by_label(f"ARR-COC {name}")).to_be_checked()
    pick_first_example(page)
    tick(page, *VARIANTS)
    compare(page, 3)
    expect(cells(page).nth(0).get_by_test_id("kept")).to_contain_text("100 of 100")
    for index in range(3):
        expect(cells(page).nth(index)).to_have_attribute("data-status", "done")
        expect(cells(page).nth(index)).to_contain_text(VARIANTS[index])
        if index:
            expect(cells(page).nth(index).get_by_test_id("kept")).to_contain_text("50 of 100")
    told = answers(page)
    assert all(told)
    compare(page, 3, "Measure")
    expect(page.get_by_test_id("grid")).to_contain_text("measured, 3 runs of each")
    assert answers(page) == told
    return told


def the_suite_is_run_with_the_same_variants(page: Page) -> None:
    go(page, "Batch")
    ticked = page.locator("#batch-variants label:has(input:checked)")
    expect(ticked).to_have_count(3)
    for index, name in enumerate(VARIANTS):
        expect(ticked.nth(index)).to_contain_text(name)
    page.get_by_label("Held-out suite").check()
    page.locator("#batch-count input[type=number]").fill("5")
    page.locator("#batch-run").click()
    expect(progress(page)).to_contain_text("Done")
    accuracy = page.get_by_role("table", name="Accuracy").locator("tbody tr")
    expect(accuracy).to_have_count(3)
    for index, name in enumerate(VARIANTS):
        expect(accuracy.nth(index)).to_contain_text(re.compile(rf"{name}.*\d+ %.*of 5", re.S))


def a_note_and_a_rating_are_written(page: Page) -> None:
    """About the measured comparison, which is picked for export too."""
    go(page, "History")
    expect(entries(page)).to_have_count(3)  # compared, measured, the batch; the newest first
    expect(entries(page).nth(0)).to_contain_text("5 of 5 cases")
    measured = entries(page).nth(1)
    measured.locator("[data-entry]").click()
    expect(page.locator("#history-details h2")).to_have_text(FIRST["question"])
    expect(page.locator("#history-details")).to_contain_text("measured, 3 runs of each")
    page.locator("#history-notes textarea").fill(NOTE)
    page.locator("#history-rating").get_by_label("4", exact=True).check()
    expect(measured).to_contain_text(FOUR_STARS)
    measured.get_by_role("checkbox").check()


def the_table_holds_what_was_seen_and_thought(file: Path, told: Sequence[str]) -> None:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        lines = list(csv.DictReader(opened))
    assert [line["variant"] for line in lines] == list(VARIANTS)
    assert [" ".join(line["answer"].split()) for line in lines] == told
    assert [line["image_tokens"] for line in lines] == ["100", "50", "50"]
    assert all(float(line["total_s"]) > 0 for line in lines)
    assert {(line["notes"], line["rating"], line["expected"]) for line in lines} == {
        (NOTE, "4", FIRST["answer"])
    }


def the_document_works_by_itself(page: Page, file: Path, told: Sequence[str]) -> None:
    page.goto(file.as_uri())
    expect(cells(page)).to_have_count(3)
    assert answers(page) == told


def all_of_it_is_found_again(page: Page, told: Sequence[str]) -> None:
    go(page, "Batch")
    expect(progress(page)).to_contain_text("5 of 5 cases")
    go(page, "History")
    expect(entries(page)).to_have_count(3)
    page.locator("#history-search").locator("input, textarea").fill("reads the tag")
    expect(entries(page)).to_have_count(1)
    expect(entries(page)).to_contain_text(FOUR_STARS)
    entries(page).locator("[data-entry]").click()
    expect(page.locator("#history-notes textarea")).to_have_value(NOTE)
    page.get_by_role("button", name="Open in the grid").click()
    expect(page.get_by_test_id("grid")).to_contain_text("measured, 3 runs of each")
    expect(cells(page)).to_have_count(3)
    assert answers(page) == told
    ticked = page.locator("#variants label:has(input:checked)")
    expect(ticked).to_have_count(3)
    for index, name in enumerate(VARIANTS):
        expect(ticked.nth(index)).to_contain_text(name)


@dataclass(frozen=True)
class Person:
    """Somebody at a browser of their own, who asks about a picture of their own with a word of their own."""

    page: Page
    word: str
    picture: Path
    count: int
    """How many variants they compare."""

    @property
    def question(self) -> str:
        return f"Where is the {self.word}?"

    @property
    def text(self) -> str:
        """All that this page holds, seen or not, with what stands in its fields."""
        fields = "els => els.map(e => e.value).join('\\n')"
        return self.page.content() + self.page.locator("input, textarea").evaluate_all(fields)

    @property
    def pictures(self) -> set[str]:
        """Where the pictures on this page come from, but those that everyone is offered."""
        sources = "els => els.map(e => e.currentSrc || e.src).filter(Boolean)"
        everyones = "#examples img"
        return set(self.page.locator(f"img:not({everyones})").evaluate_all(sources))


def test_two_people_at_once_on_a_shared_server_see_nothing_of_each_other(
    shared_app, open_page, tmp_path
):
    people = [
        Person(open_page(shared_app.address), word, picture(tmp_path / f"{word}.png", colour), n)
        for word, colour, n in (("quagga", "olive", 2), ("axolotl", "teal", 3))
    ]
    one, other = people
    both(people, "Compare", ask, answered)
    numbers = [linked(person) for person in people]
    assert numbers[0] != numbers[1]
    both(people, "Batch", begin_a_batch, batch_done)
    both(people, "History", lambda _: None, history_is_theirs)
    for person, stranger in ((one, other), (other, one)):
        page = person.page
        page.locator("#history-search").locator("input, textarea").fill(stranger.word)
        expect(entries(page)).to_have_count(0)
        page.locator("#history-search").locator("input, textarea").fill("")
        expect(entries(page)).to_have_count(2)
        table = exported(page, "CSV", tmp_path).read_text("utf-8")
        assert person.word in table
        assert stranger.word not in table
    assert one.pictures and other.pictures
    assert one.pictures.isdisjoint(other.pictures)
    for person, mine, theirs in ((one, *numbers), (other, *reversed(numbers))):
        a_link_shows_ones_own_comparison_and_no_one_elses(person, shared_app.address, mine, theirs)
    for person, stranger in ((one, other), (other, one)):
        assert person.word in person.text
        assert stranger.word not in person.text


def picture(file: Path, colour: str) -> Path:
    Image.new("RGB", (320, 320), colour).save(file)
    return file


def both(
    people: Sequence[Person],
    tab: str,
    begin: Callable[[Person], None],
    done: Callable[[Person], None],
) -> None:
    """Everyone begins before anyone is waited for; what stands there then is one's own."""
    for person in people:
        go(person.page, tab)
        begin(person)
    for person in people:
        done(person)
        words = {each.word for each in people if each.word in person.text}
        assert words <= {person.word}


def ask(person: Person) -> None:
    page = person.page
    page.locator("#image input[type=file]").set_input_files(person.picture)
    expect(page.locator("#budget")).to_contain_text("of 100 tokens")
    page.locator("#question textarea").fill(person.question)
    tick(page, *("Baseline", "Uniform", "Random")[: person.count])
    page.get_by_role("button", name="Compare", exact=True).click()


def answered(person: Person) -> None:
    expect(cells(person.page)).to_have_count(person.count)
    for index in range(person.count):
        expect(cells(person.page).nth(index)).to_have_attribute("data-status", "done")
    expect(person.page.get_by_test_id("grid")).to_contain_text(person.word)


def linked(person: Person) -> int:
    """The number of this person's comparison, as their link to it says."""
    person.page.get_by_role("button", name="Link to this").click()
    address = person.page.locator("#link textarea, #link input")
    expect(address).to_have_value(re.compile(rf"\?run=\d+&q=.*{person.word}"))
    found = re.search(r"run=(\d+)", address.input_value())
    assert found
    return int(found[1])


def begin_a_batch(person: Person) -> None:
    page = person.page
    page.locator("#batch-images input[type=file]").set_input_files(person.picture)
    expect(page.locator("#batch-images .thumbnail-lg")).to_have_count(1)
    page.locator("#batch-questions textarea").fill(f"{person.question}\nIs the {person.word} red?")
    page.locator("#batch-run").click()


def batch_done(person: Person) -> None:
    expect(progress(person.page)).to_contain_text("2 of 2 cases")
    expect(progress(person.page)).to_contain_text("Done")
    expect(pictures(person.page)).to_have_count(2)
    expect(pictures(person.page).nth(1)).to_contain_text(person.word)


def history_is_theirs(person: Person) -> None:
    expect(entries(person.page)).to_have_count(2)
    expect(entries(person.page).nth(0)).to_contain_text("2 of 2 cases")
    expect(entries(person.page).nth(1)).to_contain_text(person.question)
    entries(person.page).nth(0).locator("[data-entry]").click()
    expect(person.page.locator("#history-details")).to_contain_text(person.question)


def a_link_shows_ones_own_comparison_and_no_one_elses(
    person: Person, address: str, mine: int, theirs: int
) -> None:
    page = person.page
    page.goto(f"{address}/?run={theirs}")
    expect(page.locator("#note")).to_contain_text("is not there, or is someone else's")
    expect(cells(page)).to_have_count(0)
    stored = stored_run()
    assert stored
    expect(page.locator("#question textarea")).to_have_value(stored.query)
    page.goto(f"{address}/?run={mine}")
    expect(cells(page)).to_have_count(person.count)
    expect(page.locator("#question textarea")).to_have_value(person.question)
