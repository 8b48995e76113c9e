"""What is somebody else's: their files, their history, their batch, their page, whatever is forged."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.visitor import Visitor, named

from ..conftest import QUESTION

pytestmark = pytest.mark.usefixtures("nothing_changes")

SECRET = "What is written on the note?"


@pytest.fixture(scope="module")
def victim(server) -> Any:
    """Somebody with a comparison, a batch and a picture of their own."""
    visitor = Visitor(server.page).comes()
    image = visitor.sends(server.image_file.read_bytes() + b"mine", "private.png")
    visitor.does("", "compare_form", image=image, question=SECRET, variants=["baseline"])
    visitor.does(
        *("run", "batch.tab"),
        batch_images=[{"image": image, "caption": None}],
        batch_questions=SECRET,
        batch_variants=["baseline"],
    )
    while "Running" in visitor.does("look", "batch.tab").said:
        pass
    entries = server.app.history.entries(f"browser:{visitor.key}")
    batch, run = sorted(entries, key=lambda entry: entry.kind)
    assert (batch.kind, run.kind) == ("batch", "comparison")
    return SimpleNamespace(visitor=visitor, image=image, run=run, batch=batch)


def kept(server, visitor: Visitor) -> list[str]:
    return [entry.title for entry in server.app.history.entries(f"browser:{visitor.key}")]


def test_the_number_of_anothers_entry_opens_changes_and_exports_nothing(server, attacker, victim):
    before = server.app.history.entry(f"browser:{victim.visitor.key}", victim.run.id)
    for entry in (victim.run, victim.batch):
        event = {"index": str(entry.id), "value": ""}
        picked = {"index": None, "there": [entry.id], "picked": [entry.id]}
        answers = [
            attacker.does("look", "history.looking", event=event),
            attacker.does("open_run", "history.looking", number=entry.id),
            attacker.does("open_case", "history.looking", number=entry.id, event=event),
            attacker.does("run", "history.rerunning", number=entry.id),
            attacker.does("show", "linking", query=f"?run={entry.id}"),
            attacker.does("pick", "history.picking", event=picked),
            attacker.does("ask", "history.picking"),
            attacker.does("side_by_side", "history.picking"),
            attacker.does("save", "history.transfer"),
            attacker.does("delete", "history.picking", number=entry.id),
            *[
                attacker.asks(
                    fn, [entry.id if "Number" in type(b).__name__ else _text(b) for b in fn.inputs]
                )
                for fn in server.page.fns.values()
                if getattr(fn.fn, "__name__", "") == "act"
            ],
        ]
        for told in answers:
            assert SECRET not in told.text
    assert server.app.history.entry(f"browser:{victim.visitor.key}", victim.run.id) == before
    assert len(kept(server, victim.visitor)) == 2 and not kept(server, attacker)


def _text(block: Any) -> Any:
    return "forged" if "Textbox" in type(block).__name__ else None


def test_what_a_client_writes_where_the_servers_own_state_stands_is_not_read(
    server, attacker, victim
):
    fn = attacker.function("", "compare_form")
    image = attacker.sends(server.image_file)
    forged = {"person": f"browser:{victim.visitor.key}", "stop": {}}
    given = {
        "image": image,
        "question": "Mine?",
        "variants": ["baseline"],
        "free": "",
        "budget": 50,
    }
    data = [
        forged if "State" in type(block).__name__ else given.get(block.elem_id or "", {})
        for block in fn.inputs
    ]
    assert attacker.asks(fn, data).is_done
    assert kept(server, attacker) == ["Mine?"]
    assert "Mine?" not in kept(server, victim.visitor)


@pytest.mark.parametrize("key", ["", "x" * 65, 7, {"a": 1}, ["browser:"], None])
def test_a_key_that_is_none_makes_a_new_person(server, key):
    page = Visitor(server.page)
    told = page.does("greet", "page", browserstate=key)
    (given, _) = json.loads(told.text)["data"]
    assert given != key and len(given) == 32


def test_a_session_that_never_came_has_no_history_and_keeps_none(server, victim):
    nobody = Visitor(server.page)
    server.attackers.append(nobody)
    image = nobody.sends(server.image_file)
    told = nobody.does("", "compare_form", image=image, question="Who?", variants=["baseline"])
    assert told.is_done
    assert SECRET not in nobody.does("turn", "history.finding").text
    assert not server.app.history.entries("")


def test_anothers_batch_is_neither_seen_nor_stopped(server, attacker, victim):
    for name in ("look", "come", "go_on", "stop", "turn"):
        assert SECRET not in attacker.does(name, "batch.tab").text
    event = {"index": ["1-1", 0], "value": "1-1"}
    for told in (
        attacker.does("from_matrix", "batch.tab", picked_case="1-1"),
        attacker.does("from_gallery", "batch.tab", event={"index": 0, "value": {}}),
        attacker.does("open_case", "history.looking", number=victim.batch.id, event=event),
    ):
        assert SECRET not in told.text
    folders = list((server.app.history.folder / "batches").rglob("*"))
    for folder in folders:
        assert attacker.web.get(f"file={folder}").status_code == 403


def test_what_others_sent_is_found_by_nobody_who_does_not_know_it(server, attacker, victim):
    place = victim.image["path"]
    folder = place.rsplit("/", 1)[0]
    for guess in (
        folder,
        f"{folder}/",
        f"{folder}/*",
        f"{server.cache}/private.png",
        str(server.cache),
    ):
        assert attacker.web.get(f"file={guess}").status_code in (403, 404)
    # Its folder is named by what the picture holds: no other picture's name is near it.
    assert len(folder.rsplit("/", 1)[1]) == 64
    other = attacker.sends(server.image_file.read_bytes() + b"nine", "private.png")
    assert other["path"] != place


def test_an_export_is_for_whoever_asked_for_it(server, attacker, victim):
    told = victim.visitor.does("save", "history.transfer", history_format="JSON")
    assert told.is_done
    file = next(v for block, v in told.outputs.items() if "Download" in type(block).__name__)
    place = file["value"]["path"]
    server.attackers.append(SimpleNamespace(key="", sent=[place]))
    assert SECRET in victim.visitor.web.get(f"file={place}").text
    name = place.rsplit("/", 1)[1]
    assert len(place.rsplit("/", 2)[1]) >= 43
    for guess in (f"{server.cache}/{name}", f"{server.cache}/*/{name}", place.rsplit("/", 1)[0]):
        assert attacker.web.get(f"file={guess}").status_code in (403, 404)


def test_a_forged_file_of_anothers_place_is_theirs_only_to_who_knows_it(server, attacker, victim):
    guessed = victim.image["path"].replace("private.png", "other.png")
    assert not attacker.compares(named(guessed)).is_done
    assert not attacker.compares(named(f"{server.cache}/private.png"), QUESTION).is_done
