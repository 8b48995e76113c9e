"""Texts that are too long, that act on what shows them, or that are no text: shown plainly or refused."""

import json
import re

import gradio as gr
import pytest
from tests.support.visitor import Told, elements

from history.exporting import export
from vlmscope import Result, Run, Variant

from ..test_history import small_run

LONG = "x" * 100_000
MARKS = (
    "<script>window.hurt=1</script>",
    "<img src=x onerror=window.hurt=1>",
    "</script><svg onload=window.hurt=1>",
    "\"'><iframe srcdoc=x>",
    "[a](javascript:window.hurt=1) ${window.hurt=1} {{constructor}}",
    "<style>*{display:none}</style><!--",
)
ACTS = "\x00\x1b[31mred\x1b[0m\x07\u202eevil\u2066\u200f\u2028"
ELEMENTS = {"script", "img", "svg", "iframe", "style", "a", "object", "form", "link", "meta"}


def is_plain(html: str) -> bool:
    """Whether none of what was written became an element or an attribute that acts."""
    made = elements(html)
    is_clean = all(
        tag not in ELEMENTS - {"img", "style", "a"}
        and not any(n.startswith("on") for n in attributes)
        for tag, attributes in made
    )
    return is_clean and not any(attributes.get("src") == "x" for _, attributes in made)


def test_html_that_acts_would_be_seen():
    for mark in (MARKS[0], MARKS[1], MARKS[2], MARKS[3]):
        assert not is_plain(f"<p>{mark}</p>")
    assert is_plain("<p>&lt;script&gt;</p><img src='data:image/png;base64,AA=='>")


# ---- too long


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", LONG),
        ("variants", [LONG]),
        ("variants", [f"random:seed={'9' * 100_000}"]),
        ("variants", ["random:keep=1e400"]),
        ("variants", [f"arr-coc:{LONG}"]),
        ("variants", ["baseline"] * 100_000),
        ("expected", LONG),
        ("mode", LONG),
        ("budget", LONG),
        ("budget", 1e308),
        ("max_new_tokens", 10**300),
        ("max_new_tokens", LONG),
    ],
)
def test_a_program_is_told_that_it_is_too_much(server, attacker, sentence, field, value):
    told = attacker.compares(attacker.sends(server.image_file), **{field: value})
    assert not told.is_done
    assert len(sentence(told)) < 2100


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("field", ["question", "free"])
def test_the_form_says_so_beside_its_field(server, attacker, field):
    given = {"question": "What?", "variants": ["baseline"], field: LONG}
    image = attacker.sends(server.image_file)
    told = attacker.does("", "compare_form", image=image, **given)
    assert "100,000 characters" in told.text
    assert len(told.text) < 10_000


def long_fields(page: gr.Blocks) -> list[tuple[int, int]]:
    """Every field of text of every event of the page, by the event's and the input's number."""
    return [
        (number, place)
        for number, fn in page.fns.items()
        if fn.fn is not None
        for place, block in enumerate(fn.inputs)
        if isinstance(block, gr.Textbox)
    ]


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("value", [LONG, "\ud7ff" * 5000, ACTS, *MARKS], ids=lambda v: v[:12])
def test_no_field_of_any_event_breaks_it_or_becomes_markup(server, attacker, value):
    fields = long_fields(server.page)
    assert len(fields) > 20
    for number, place in fields:
        fn = server.page.fns[number]
        data = [_as_it_stands(block) for block in fn.inputs]
        data[place] = value
        told = attacker.asks(fn, data)
        name = f"{fn.fn.__module__}.{getattr(fn.fn, '__name__', '')} {fn.inputs[place].elem_id}"
        assert told.is_done, (name, told.text[:300])
        assert is_plain(told.html), (name, told.html)
        # The lines of one form come into another as they are.
        assert len(told.text) < 60_000 or "as_compared" in name, (name, len(told.text))


def _as_it_stands(block) -> object:
    if isinstance(block, gr.State):
        return None
    value = getattr(block, "value", None)
    if isinstance(block, gr.CheckboxGroup | gr.Dropdown) and value is None:
        return []
    return "" if isinstance(block, gr.Textbox) else value


# ---- what acts


def marked_run(mark: str) -> Run:
    """A run that says it in its question, its answer, its titles and its errors."""
    run = small_run(f"Q {mark}?")
    results = [
        Result(
            id=f"{number}",
            variant=Variant("random", id=f"{number}", title=f"T {mark}"),
            status="done" if number else "failed",
            answer=f"A {mark}" if number else "",
            error=None if number else f"E {mark}",
            warnings=(f"W {mark}",),
            assign=run.results[0].assign,
            grid=run.results[0].grid,
        )
        for number in range(2)
    ]
    stamp = {**run.stamp, "hardware": f"H {mark}", "base": f"B {mark}"}
    return Run(run.base, stamp, run.image, run.query, tuple(results), run.options)


@pytest.mark.parametrize("mark", [*MARKS, ACTS])
def test_markup_in_a_question_is_asked_as_it_is_and_shown_as_text(server, attacker, mark):
    image = attacker.sends(server.image_file)
    question = f"What {mark}?"
    told = attacker.does("", "compare_form", image=image, question=question, variants=["random"])
    assert told.is_done and is_plain(told.html)
    (entry,) = server.app.history.entries(f"browser:{attacker.key}")
    shown = attacker.does("look", "history.looking", event={"index": str(entry.id), "value": ""})
    listed = attacker.does("turn", "history.finding")
    for each in (shown, listed):
        assert is_plain(each.html)
    assert "What" in shown.said and "What" in listed.said
    assert server.is_well()


@pytest.mark.parametrize("mark", MARKS)
def test_markup_in_an_imported_history_is_text_wherever_it_is_shown(
    server, attacker, mark, tmp_path
):
    person = "browser:writer"
    id = server.app.history.keep_run(person, marked_run(mark))
    server.app.history.annotate(person, id, notes=f"N {mark}", tags=(f"G {mark[:50]}",))
    file = export(server.app.history, person, [id], "JSON", tmp_path)
    server.app.history.forget_person(person)
    sent = attacker.sends(file, "h.json")
    field = next(
        str(block.label).lower()
        for block in attacker.function("bring", "history.transfer").inputs
        if isinstance(block, gr.UploadButton)
    )
    told = attacker.does("bring", "history.transfer", **{field: sent})
    assert "1 entry is in your history now." in told.text
    (entry,) = server.app.history.entries(f"browser:{attacker.key}")
    shown = attacker.does("look", "history.looking", event={"index": str(entry.id), "value": ""})
    opened = attacker.does("open_run", "history.looking", number=entry.id)
    asked = attacker.does("turn", "history.finding", history_search="Q")
    for each in (told, shown, opened, asked):
        assert each.is_done, each.text
        assert is_plain(each.html), each.html
    for text in ("Q", "A", "T", "E"):
        assert f"{text} " in shown.said
    assert tags_of_the_page(server, marked_run(mark), tmp_path) == tags_of_the_page(
        server, marked_run("plain"), tmp_path
    )


def tags_of_the_page(server, run: Run, folder) -> list[str]:
    """The elements of the pages that two comparisons and one are exported as."""
    history, person = server.app.history, "browser:writer"
    ids = [history.keep_run(person, run) for _ in range(2)]
    made = []
    for some in (ids, ids[:1]):
        file = export(history, person, some, "HTML", folder)
        made += [tag for tag, _ in elements(file.read_text(encoding="utf-8"))]
        file.unlink()
    history.forget_person(person)
    return made


@pytest.mark.parametrize("mark", MARKS)
def test_markup_in_a_suite_is_text_in_all_that_is_shown_of_the_batch(server, attacker, mark):
    cases = [
        {
            "id": f"I {mark}",
            "type": f"Y {mark}",
            "image": "scene.png",
            "query": f"Q {mark}?",
            "expected": [f"X {mark}"],
        }
    ]
    suite = attacker.sends(json.dumps({"name": f"S {mark}", "cases": cases}).encode(), "suite.json")
    image = attacker.sends(server.image_file)
    told = attacker.does(
        *("run", "batch.tab"),
        batch_source="Suite file",
        batch_files=[suite, image],
        batch_variants=["baseline"],
    )
    assert told.is_done and is_plain(told.html)
    looked = wait_for_the_end(attacker)
    assert is_plain(looked.html)
    for block, value in looked.outputs.items():
        if isinstance(block, gr.Plot) and isinstance(value, dict):
            assert "<script" not in value["plot"] and "<img" not in value["plot"]


def wait_for_the_end(attacker) -> Told:
    for _ in range(200):
        told = attacker.does("look", "batch.tab")
        if "Running" not in told.said:
            return told
    raise AssertionError(told.said)


@pytest.mark.parametrize("mark", [MARKS[1], ACTS])
def test_what_acts_on_a_terminal_is_escaped_in_a_sentence(server, attacker, sentence, mark):
    image = attacker.sends(server.image_file)
    for field, value in (("variants", [f"arr-coc:{mark}"]), ("mode", mark), ("variants", [mark])):
        said = sentence(attacker.compares(image, **{field: value}))
        assert not re.search("[\x00-\x1f\u202a-\u202e\u2066-\u2069\u200f]", said)
