"""Checkpoints made to harm whoever opens them, in a repository that may be read: listed, and refused."""

import os
from pathlib import Path

import pytest
from safetensors.torch import save
from tests.support import corpus
from tests.support.heads import make_state
from tests.support.visitor import elements

pytestmark = pytest.mark.usefixtures("nothing_changes")

EVIL = "someone/evil"
MARK = "<img src=x onerror=window.hurt=1>"


@pytest.fixture(scope="module")
def evil(server, tmp_path_factory) -> list[Path]:
    """Every file of the corpus, in a repository of an owner whose repositories are offered."""
    files = list(corpus.hostile_files(tmp_path_factory.mktemp("evil")))
    server.hub.put(EVIL, {file.name: file.read_bytes() for file in files})
    return files


def listed(server, attacker, repo: str):
    told = attacker.does("look_into", "checkpoints.looking", place=f"hf://{repo}")
    assert told.is_done, told.text
    return told


def picked(attacker, number: int):
    """The card of the row of a number, as a click on the table asks for it."""
    event = {"index": [number - 1, 0], "value": str(number), "row_value": [str(number)]}
    return attacker.does("pick", "checkpoints.picking", event=event)


def table(told) -> list[list[object]]:
    """The rows of the list."""
    (given,) = [
        value for block, value in told.outputs.items() if "Dataframe" in type(block).__name__
    ]
    return given.get("value", given)["data"]


def test_the_whole_corpus_is_listed_and_none_of_it_is_added(server, attacker, evil):
    assert len(evil) > 100
    told = listed(server, attacker, EVIL)
    rows = table(told)
    assert len(rows) > 100
    for number, row in enumerate(rows, 1):
        card = picked(attacker, number)
        assert card.is_done, (row, card.text[:300])
        added = attacker.does("add", "checkpoints.adding")
        assert added.is_done, (row, added.text[:300])
        is_own = row[1] == "late"
        assert ("✓" in row, "is ticked in the comparison" in added.said) == (is_own, is_own), row
    assert not os.path.exists(corpus.BOOM)


def test_none_of_it_is_compared_by_its_id(server, attacker, sentence, evil):
    listed(server, attacker, EVIL)
    image = attacker.sends(server.image_file)
    for number, file in enumerate(evil):
        kind = ("arr-coc", "lora")[number % 2]
        told = attacker.compares(image, variants=[f"{kind}:hf://{EVIL}/{file.name}"])
        if told.is_done:
            assert '"failed"' in told.text and '"done"' not in told.text
        else:
            sentence(told)
    assert not os.path.exists(corpus.BOOM)


def test_what_a_repository_says_of_itself_is_text(server, attacker):
    state = save(
        make_state(server.app.base.hidden_size), {"epoch": MARK, "notes": MARK, "metrics": MARK}
    )
    server.hub.put("someone/marked", {f"{MARK}.safetensors": state, "README.md": MARK.encode()})
    told = listed(server, attacker, "someone/marked")
    cards = [picked(attacker, number) for number in range(1, 8)]
    assert any(MARK.split()[1] in card.said for card in cards)
    for each in (told, *cards):
        assert not any("onerror" in attributes for _, attributes in elements(each.html)), each.html
