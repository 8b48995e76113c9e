"""The main job in a real browser: four variants on a shipped example, side by side."""

import json
import math
import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from vlmscope import Run, SharedBase, Variant, run
from vlmscope.engine.loading import shipped_folder

from .conftest import MAX_NEW_TOKENS

EXAMPLES = shipped_folder().parent / "examples"
FIRST = json.loads((EXAMPLES / "examples.json").read_text())[0]
ENDED = re.compile("done|failed|stopped")


def cells(page: Page) -> Locator:
    return page.get_by_test_id("cell")


def pick_first_example(page: Page) -> None:
    page.locator("#examples button").first.click()
    expect(page.locator("#question textarea")).to_have_value(FIRST["question"])


def tick(page: Page, *names: str) -> None:
    """Tick the variants whose labels begin with `names`, and no other."""
    for box in page.locator("#variants label").all():
        wanted = box.inner_text().startswith(names)
        box.locator("input").set_checked(wanted)


def others(page: Page) -> Locator:
    """The field for variants in text, in its opened panel."""
    field = page.get_by_label("Other variants")
    if not field.is_visible():
        page.locator("#more > button").click()
    return field


def start(page: Page, count: int) -> None:
    """Compare until the first words are there; what stood there before is gone."""
    page.locator("#compare").click()
    expect(cells(page)).to_have_count(count)
    expect(cells(page).nth(count - 1)).to_have_attribute("data-status", "running")
    expect(cells(page).nth(count - 1).get_by_test_id("answer")).not_to_be_empty()


def compare(page: Page, count: int, button: str = "Compare") -> None:
    page.get_by_role("button", name=button, exact=True).click()
    # What stood there before has ended too.
    expect(page.locator("#stop")).to_be_enabled()
    expect(page.locator("#stop")).to_be_disabled()
    expect(cells(page)).to_have_count(count)
    for index in range(count):
        expect(cells(page).nth(index)).to_have_attribute("data-status", ENDED)


@pytest.fixture
def four(app, open_page) -> Page:
    """Four variants that have answered the first shipped example."""
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Baseline", "ARR-COC one", "ARR-COC two", "Random")
    compare(page, 4)
    return page


@pytest.fixture(scope="module")
def engine(app) -> SharedBase:
    return SharedBase.load(app.base, device="cpu")


@pytest.fixture(scope="module")
def engines_own(engine, heads) -> Run:
    """What the engine gives for the same, called by itself."""
    lines = [
        "baseline",
        f"arr-coc:{heads / 'one.safetensors'},keep=50%",
        f"arr-coc:{heads / 'two.safetensors'},keep=50%",
        "random:keep=50%",
    ]
    variants = [Variant.parse(line) for line in lines]
    return run(
        engine,
        EXAMPLES / FIRST["image"],
        FIRST["question"],
        variants,
        max_new_tokens=MAX_NEW_TOKENS,
    )


def test_four_variants_answer_a_shipped_example_as_the_engine_does(four, engines_own):
    for index, result in enumerate(engines_own.results):
        cell = cells(four).nth(index)
        expect(cell).to_have_attribute("data-status", "done")
        shown = cell.get_by_test_id("answer").inner_text()
        assert " ".join(shown.split()) == " ".join(result.answer.split())
        kept = f"{len(result.kept)} of {engines_own.image.tokens}"
        assert cell.get_by_test_id("kept").inner_text().startswith(kept)


def test_the_apps_own_styles_leave_the_grids_words_readable(four):
    kept = cells(four).nth(1).get_by_test_id("kept")
    assert kept.evaluate("e => getComputedStyle(e).color") == "rgb(255, 255, 255)"


def test_zooming_in_one_cell_moves_all(four):
    stages = four.get_by_test_id("stage")
    before = stages.nth(3).evaluate("e => getComputedStyle(e).transform")
    cells(four).nth(1).get_by_test_id("picture").hover(position={"x": 60, "y": 80})
    four.keyboard.down("Control")
    four.mouse.wheel(0, -400)
    four.keyboard.up("Control")
    expect(four.get_by_test_id("zoom")).not_to_have_text("1.0×")
    after = {stages.nth(i).evaluate("e => getComputedStyle(e).transform") for i in range(4)}
    assert len(after) == 1
    assert before not in after


@pytest.mark.parametrize("index", [0, 1, 3])
def test_the_value_at_the_crosshair_is_the_engines(four, engines_own, index):
    layer = four.locator("select[aria-label=Layer]").input_value()
    result = engines_own.results[index]
    if layer not in result.maps:
        layer = "attention"
        four.locator("select[aria-label=Layer]").select_option(layer)
    cell = cells(four).nth(index)
    box = cell.get_by_test_id("picture").bounding_box()
    assert box
    cell.get_by_test_id("picture").hover(
        position={"x": box["width"] * 0.63, "y": box["height"] * 0.41}
    )
    text = " ".join(cell.get_by_test_id("readout").inner_text().split())
    match = re.match(r"row (\d+) col (\d+) (\S+) .*(kept|dropped)", text)
    assert match, text
    row, col = int(match[1]), int(match[2])
    rows, cols = engines_own.image.rows, engines_own.image.cols
    assert (row, col) == (int(0.41 * rows), int(0.63 * cols))
    shown, value = match[3], float(result.maps[layer].values[row, col])
    # A token that was dropped before the language model has no attention, not none.
    assert (shown == "no") == math.isnan(value), text
    if shown != "no":
        assert float(shown) == pytest.approx(value, abs=_half_a_digit(shown))
    assert (match[4] == "kept") == (row * cols + col in set(result.kept.tolist()))


def test_a_broken_checkpoint_fails_in_its_own_cell_alone(app, open_page, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not a checkpoint at all")
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Baseline", "Random")
    others(page).fill(f"arr-coc:{broken}")
    compare(page, 3)
    statuses = [cells(page).nth(i).get_attribute("data-status") for i in range(3)]
    assert statuses == ["done", "done", "failed"]
    assert "broken.safetensors" in cells(page).nth(2).get_by_test_id("error").inner_text()


def test_what_is_missing_or_wrong_is_said_beside_its_field(app, open_page):
    page = open_page(app.address)
    page.get_by_label("Remove Image").click()
    page.locator("#question textarea").fill("")
    others(page).fill("sharpest:keep=50%")
    page.locator("#compare").click()
    alerts = page.get_by_role("alert")
    expect(alerts).to_have_count(3)
    image, question, lines = (alerts.nth(i) for i in range(3))
    expect(image).to_have_text(re.compile("There is no image yet"))
    expect(question).to_have_text(re.compile("There is no question yet"))
    expect(lines).to_have_text(re.compile("Line 1: 'sharpest' is no kind"))
    _stands_below(image, page.locator("#image"))
    _stands_below(question, page.locator("#question"))
    _stands_below(lines, page.locator("#free"))

    pick_first_example(page)
    others(page).fill("")
    compare(page, 4)
    expect(alerts).to_have_count(0)


def test_an_uploaded_image_of_another_shape_is_compared_on_its_own_grid(
    app, engine, open_page, tmp_path
):
    photo = tmp_path / "tall.jpg"
    with Image.open(EXAMPLES / FIRST["image"]) as scene:
        scene.convert("RGB").resize((256, 416)).save(photo)
    with Image.open(photo) as saved:
        pixels = engine.pixels(saved)
    total = pixels.rows * pixels.cols
    assert pixels.rows > pixels.cols
    page = open_page(app.address)
    page.locator("#image input[type=file]").set_input_files(photo)
    expect(page.locator("#budget")).to_contain_text(f"of {total} tokens")
    page.locator("#question textarea").fill("What is this?")
    tick(page, "Baseline", "Uniform")
    compare(page, 2)
    assert cells(page).nth(0).get_by_test_id("kept").inner_text().startswith(f"{total} of {total}")
    assert (
        cells(page)
        .nth(1)
        .get_by_test_id("kept")
        .inner_text()
        .startswith(f"{math.floor(total / 2 + 0.5)} of {total}")
    )


@pytest.mark.parametrize("key", ["Control+Enter", "Meta+Enter"])
def test_ctrl_or_command_with_enter_compares_from_the_question(app, open_page, key):
    page = open_page(app.address)
    pick_first_example(page)
    page.locator("#question textarea").press(key)
    expect(cells(page).first).to_have_attribute("data-status", ENDED)


def test_the_compare_button_is_in_view_at_800_pixels_without_scrolling(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    box = page.locator("#compare").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 800


def test_nothing_is_asked_of_another_machine(app, open_page):
    page, hosts = open_page(app.address), set()
    page.on("request", lambda request: hosts.add(re.sub(r"^\w+://([^/]*).*", r"\1", request.url)))
    page.reload()
    page.get_by_test_id("grid").wait_for()
    pick_first_example(page)
    compare(page, 4)
    assert {host for host in hosts if "127.0.0.1" not in host} == set()


def test_stop_ends_a_run_half_way(talkative_app, open_page):
    page = open_page(talkative_app.address)
    pick_first_example(page)
    tick(page, "Baseline", "Random", "Uniform")
    stop = page.locator("#stop")
    expect(stop).to_be_disabled()
    start(page, 3)
    stop.click()
    for index in range(3):
        expect(cells(page).nth(index)).to_have_attribute("data-status", "stopped")
    expect(stop).to_be_disabled()
    expect(page.locator("#compare")).to_be_enabled()
    said = [cells(page).nth(i).get_by_test_id("answer").inner_text() for i in range(3)]
    page.wait_for_timeout(1000)
    assert said == [cells(page).nth(i).get_by_test_id("answer").inner_text() for i in range(3)]


def test_one_persons_stop_leaves_anothers_run_alone(talkative_app, open_page):
    mine, theirs = pages = [open_page(talkative_app.address) for _ in range(2)]
    for page in pages:
        pick_first_example(page)
        tick(page, "Baseline")
    for page in (theirs, mine):
        start(page, 1)
    mine.locator("#stop").click()
    expect(cells(mine).first).to_have_attribute("data-status", "stopped")
    expect(cells(theirs).first).to_have_attribute("data-status", "running")
    theirs.locator("#stop").click()
    expect(cells(theirs).first).to_have_attribute("data-status", "stopped")


def test_who_finds_no_free_place_sees_their_place_and_how_long_it_takes(one_place_app, open_page):
    first, second, third = pages = [open_page(one_place_app.address) for _ in range(3)]
    for page in pages:
        pick_first_example(page)
        tick(page, "Baseline")
    start(first, 1)
    first.wait_for_timeout(4000)
    stop(first)
    start(first, 1)
    second.locator("#compare").scroll_into_view_if_needed()
    button = second.locator("#compare").bounding_box()
    second.locator("#compare").click()
    expect(second.locator(".waiting")).to_contain_text("You are next in line")
    expect(second.locator(".waiting")).to_be_in_viewport()
    expect(second.locator("#compare")).to_be_disabled()
    assert second.locator("#compare").bounding_box() == button
    second.locator("#question textarea").press("Enter")  # which asks nothing a second time
    third.locator("#compare").click()
    # As long at least as the second's takes, by what was measured.
    told = re.compile("You are 2nd in line; about .* to go, as the last comparison took")
    expect(third.locator(".waiting")).to_contain_text(told)
    stop(third)
    expect(cells(first).first).to_have_attribute("data-status", "running")
    stop(first)
    expect(cells(second).first).to_have_attribute("data-status", "running")
    expect(second.locator(".waiting")).to_have_count(0)
    stop(second)


def stop(page: Page) -> None:
    """Stop, and see that it did."""
    page.locator("#stop").click()
    expect(cells(page).first).to_have_attribute("data-status", "stopped")
    expect(page.locator(".waiting")).to_have_count(0)
    expect(page.locator("#compare")).to_be_enabled()


def _half_a_digit(number: str) -> float:
    """Half a unit of the last digit of a number as it is written."""
    mantissa, _, exponent = number.partition("e")
    digits = len(mantissa.partition(".")[2])
    return 0.500001 * 10 ** (int(exponent or 0) - digits)


def _stands_below(sentence: Locator, field: Locator) -> None:
    above, below = field.bounding_box(), sentence.bounding_box()
    assert above
    assert below
    assert 0 <= below["y"] - (above["y"] + above["height"]) < 70


def test_presets_tick_the_checkpoints_the_controls_or_take_a_head_apart(app, open_page):
    page = open_page(app.address)
    ticked = page.locator("#variants input:checked")
    page.get_by_role("button", name="Checkpoints", exact=True).click()
    expect(ticked).to_have_count(7)
    tick(page, "ARR-COC one")
    page.get_by_role("button", name="Controls at equal budget").click()
    expect(ticked).to_have_count(8)
    expect(
        page.locator("#variants label", has_text="Baseline").locator("input")
    ).not_to_be_checked()
    page.get_by_role("button", name="Ablations").click()
    expect(ticked).to_have_count(1)
    expect(page.get_by_label("Other variants")).to_have_value(re.compile("without=participatory"))
    pick_first_example(page)
    compare(page, 6)
    statuses = {cells(page).nth(i).get_attribute("data-status") for i in range(6)}
    assert statuses == {"done"}


def test_a_variant_has_options_of_its_own_and_says_them_in_one_line(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Random", "Uniform")
    others(page)
    own = page.locator("#more .own", has_text="Random")
    expect(page.locator("#more .own")).to_have_count(2)
    own.get_by_label("seed").press_sequentially("7")
    expect(own.locator(".line")).to_have_text("random:keep=50%,seed=7")
    own.get_by_label("keep").press_sequentially("16")
    expect(own.locator(".line")).to_have_text("random:keep=16,seed=7")
    compare(page, 2)
    expect(cells(page).nth(0).get_by_test_id("kept")).to_contain_text("16 of")
    expect(cells(page).nth(0)).to_contain_text("seed 7")
    own.get_by_label("keep").fill("everything")
    expect(own.locator(".problem")).to_contain_text("keep=everything is no number")
    page.locator("#compare").click()
    expect(page.get_by_role("alert")).to_contain_text("Random: keep=everything is no number")


def test_a_map_for_each_word_is_asked_for_and_told_of_the_word_that_is_pointed_at(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Baseline", "Random")
    others(page)
    page.get_by_label("A map for each word").check()
    compare(page, 2)
    answer = cells(page).nth(0).get_by_test_id("answer")
    word = answer.locator("[data-word]").first
    text = word.inner_text()
    word.hover()
    expect(word).to_have_class(re.compile("current"))
    expect(page.get_by_test_id("grid")).to_contain_text(f"“{text.strip()}” 1 of")
    expect(page.locator("#figures")).to_contain_text("Lost evidence")
    page.get_by_label("A map for each word").uncheck()
    compare(page, 2)
    expect(page.locator("#figures")).not_to_contain_text("Lost evidence")
    expect(answer.locator("[data-word]")).to_have_count(0)


def test_the_slider_selects_anew_at_once_and_the_answers_are_made_anew_on_demand(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Baseline", "Random")
    compare(page, 2)
    answer = cells(page).nth(1).get_by_test_id("answer").inner_text()
    expect(cells(page).nth(1).get_by_test_id("kept")).to_contain_text("50 of 100")
    page.locator("#budget input[type=number]").fill("20")
    page.locator("#budget input[type=number]").press("Enter")
    expect(cells(page).nth(1).get_by_test_id("kept")).to_contain_text("20 of 100")
    expect(cells(page).nth(1)).to_contain_text("answer of keep 50 %")
    assert cells(page).nth(1).get_by_test_id("answer").inner_text() == answer
    expect(page.locator("#note")).to_contain_text("The selection at 20 %; the answers are of 50 %")
    compare(page, 2)
    expect(page.locator("#note")).not_to_be_visible()
    expect(cells(page).nth(1)).not_to_contain_text("answer of")
    expect(cells(page).nth(1).get_by_test_id("kept")).to_contain_text("20 of 100")


def test_measure_gives_figures_of_several_runs_of_each(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Baseline", "Uniform")
    compare(page, 2, "Measure")
    expect(page.get_by_test_id("grid")).to_contain_text("measured, 3 runs of each")
    expect(cells(page).nth(1).get_by_test_id("kept")).to_contain_text("50 of 100")


def test_a_stored_comparison_stands_there_at_first_and_is_said_to_be_one(app, open_page):
    page = open_page(app.address)
    expect(cells(page)).to_have_count(4)
    expect(page.locator("#note")).to_contain_text(
        "A stored comparison of the small base that ships"
    )
    question = page.locator("#question textarea").input_value()
    expect(page.get_by_test_id("grid")).to_contain_text(question)
    verdicts = [cells(page).nth(i).inner_text() for i in range(4)]
    assert "correct" in verdicts[0]
    assert any("wrong" in verdict for verdict in verdicts)
    answers = [cells(page).nth(i).get_by_test_id("answer").inner_text() for i in range(4)]
    compare(page, 4)
    expect(page.locator("#note")).not_to_be_visible()
    for i in range(4):
        expect(cells(page).nth(i).get_by_test_id("answer")).to_have_text(answers[i])


def test_who_goes_to_another_tab_while_the_page_opens_stays_there(app, open_page):
    page = open_page(app.address)
    page.reload()
    page.get_by_role("tab", name="About").click()
    cells(page).first.wait_for(state="attached")
    page.wait_for_timeout(500)
    expect(page.get_by_role("tab", name="About")).to_have_attribute("aria-selected", "true")


def test_a_link_restores_image_question_variants_and_view(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Baseline", "ARR-COC two", "Random")
    others(page).fill("uniform:keep=16")
    compare(page, 4)
    page.locator("select[aria-label=Colours]").select_option("magma")
    page.get_by_role("button", name="Link to this").click()
    link = page.locator("#link textarea, #link input")
    expect(link).to_have_value(re.compile(r"^http://127.0.0.1:\d+/\?image=scene-01.png&run=\d+&q="))
    address = link.input_value()

    again = page.context.new_page()
    again.goto(address)
    expect(cells(again)).to_have_count(4)
    expect(again.locator("#question textarea")).to_have_value(FIRST["question"])
    expect(again.locator("select[aria-label=Colours]")).to_have_value("magma")
    expect(again.locator("#variants input:checked")).to_have_count(4)

    # Somebody else does not have the answers, but all it takes to make them.
    other = open_page(address)
    expect(cells(other)).to_have_count(0)
    expect(other.locator("#question textarea")).to_have_value(FIRST["question"])
    expect(other.locator("#variants input:checked")).to_have_count(4)
    compare(other, 4)
    expect(other.locator("select[aria-label=Colours]")).to_have_value("magma")
    expect(cells(other).nth(3).get_by_test_id("kept")).to_contain_text("16 of")


def test_a_link_to_what_is_not_there_says_so_and_leaves_the_page_whole(app, open_page):
    page = open_page(app.address + "/?run=999999&q=What")
    expect(page.locator("#note")).to_contain_text("is not there, or is someone else's")
    pick_first_example(page)
    compare(page, 4)


def test_closing_the_page_stops_what_is_compared(talkative_app, open_page):
    page = open_page(talkative_app.address)
    pick_first_example(page)
    tick(page, "Baseline", "Random")
    start(page, 2)
    page.close()
    # With one place for each, two more could not both answer while the first two went on.
    for _ in range(2):
        another = open_page(talkative_app.address)
        pick_first_example(another)
        tick(another, "Baseline")
        start(another, 1)


def test_a_head_is_looked_into_its_scores_its_texture_and_how_it_hears_the_question(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    tick(page, "Baseline", "ARR-COC two")
    compare(page, 2)
    page.locator("#inside > button").click()
    page.wait_for_timeout(1000)  # what a panel holds is made as it opens
    page.get_by_label("Other questions").fill("Is it red?\nHow many?")
    page.get_by_role("button", name="Look inside").click()
    told = page.locator("#inside-told")
    expect(told).to_contain_text("kept for 2 other questions too")
    weights = told.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert sum(map(float, weights)) == pytest.approx(1, abs=0.002)
    inside = page.locator("#inside")
    expect(inside.get_by_test_id("cell")).to_have_count(4)
    page.get_by_role("tab", name="Texture channels").click()
    expect(inside.get_by_test_id("cell").filter(visible=True)).to_have_count(13)
    page.get_by_role("tab", name="Other questions").click()
    shown = inside.get_by_test_id("cell").filter(visible=True)
    expect(shown).to_have_count(3)
    expect(shown.nth(2)).to_contain_text("How many?")


def test_a_vote_in_the_grid_stands_in_the_history(app, open_page):
    page = open_page(app.address)
    pick_first_example(page)
    page.locator("#question textarea").fill("Which is voted best?")
    tick(page, "Baseline", "Random")
    compare(page, 2)
    ballot = page.get_by_test_id("vote")
    ballot.get_by_role("button", name="Random").click()
    ballot.get_by_role("button", name="Vote", exact=True).click()
    expect(page.locator("#note")).to_contain_text("Random voted best")
    page.get_by_role("tab", name="History").click()
    entry = page.locator("#history-entries [data-entry]").filter(has_text="Which is voted best?")
    entry.first.click()
    best = page.locator("#history-votes")
    expect(best.get_by_label("Random")).to_be_checked()
    expect(best.get_by_label("Baseline")).not_to_be_checked()
