"""Desk, server, original Space and duplicate: told apart, and what follows from each."""

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.support.hub import LoopbackHub

import whereabouts as module
from about import leaving_sentences, place_rows, where_rows
from application import App
from environment import read
from keeping import lasting
from leaving import ON_A_SPACE
from page import privacy_line
from settings import BadSetting
from shelf import Shelf
from space_card import fill_in
from space_hardware import T4
from vlmscope.checkpoints.hub import Hub
from whereabouts import ORIGINAL, ask_who_comes, seen_by_anyone, whereabouts

OURS = "ada/vlmscope"
SPACE = {"SYSTEM": "spaces", "SPACE_ID": OURS}
SHARED = {"HOST": "0.0.0.0"}


@pytest.mark.parametrize(
    ("environment", "kind", "is_private", "keeps"),
    [
        ({}, "desk", True, True),
        ({"PUBLIC": "yes"}, "desk", False, False),
        (SHARED, "server", False, False),
        (SHARED | {"PUBLIC": "no"}, "server", True, False),
        ({"SYSTEM": "spaces", "SPACE_ID": ORIGINAL}, "original", False, False),
        ({"SYSTEM": "spaces", "SPACE_ID": ORIGINAL, "PUBLIC": "no"}, "original", True, False),
        (SPACE, "duplicate", False, False),
        (SPACE | {"PUBLIC": "yes"}, "duplicate", False, False),
        (SPACE | {"PUBLIC": "no"}, "duplicate", True, False),
        # Not what Spaces say of themselves.
        ({"SPACE_ID": OURS}, "desk", True, True),
        ({"SYSTEM": "spaces"}, "desk", True, True),
    ],
)
def test_where_it_runs_and_who_is_trusted(environment, kind, is_private, keeps):
    where = read(environment).where
    assert (where.kind, where.is_private, where.keeps) == (kind, is_private, keeps)


def test_public_is_yes_or_no():
    with pytest.raises(BadSetting, match="PUBLIC=maybe is neither yes nor no"):
        read({"PUBLIC": "maybe"})


def test_a_duplicate_of_which_nothing_is_said_asks_once_who_can_see_it():
    asked = []

    def ask(space: str) -> bool | None:
        asked.append(space)
        return False

    settings = read(SPACE)
    assert ask_who_comes(settings.space, settings.where, None, ask) == (False, "")
    assert asked == [OURS]
    for told in ({"PUBLIC": "yes"}, {"PUBLIC": "no"}, {"SPACE_ID": ORIGINAL}):
        known = read(SPACE | told)
        assert ask_who_comes(known.space, known.where, known.public, ask) == (known.public, "")
    ask_who_comes(None, read({}).where, None, ask)
    assert asked == [OURS]


def test_a_duplicate_that_cannot_ask_is_run_for_strangers_and_says_so():
    public, said = ask_who_comes(OURS, whereabouts(OURS, "0.0.0.0"), None, lambda space: None)
    assert not whereabouts(OURS, "0.0.0.0", public).is_private
    assert "PUBLIC=no" in said


def test_what_the_hub_shows_to_anyone_is_public(monkeypatch):
    with LoopbackHub() as server:
        server.put("ada/open", {"app.py": b""}, "space")
        server.put(OURS, {"app.py": b""}, "space", token="alice")
        api = HfApi(endpoint=server.endpoint, token="alice")
        monkeypatch.setattr(
            "huggingface_hub.HfApi", lambda token: HfApi(endpoint=server.endpoint, token=token)
        )
        assert api.space_info(OURS).id == OURS
        assert seen_by_anyone("ada/open") is True
        assert seen_by_anyone(OURS) is False
        assert [token for *_, token in server.requests[1:]] == [None, None]
    assert seen_by_anyone("ada/open") is None  # it is down


def test_a_deploy_writes_into_the_app_which_space_is_the_original(tmp_path):
    for name in ("README.md", "requirements.txt", "whereabouts.py"):
        shutil.copy(Path(module.__file__).with_name(name), tmp_path)
    fill_in(tmp_path, OURS, T4)
    written = (tmp_path / "whereabouts.py").read_text(encoding="utf-8")
    assert f'ORIGINAL = "{OURS}"' in written and ORIGINAL not in written


def test_only_at_the_desk_a_history_is_kept_unasked(tmp_path):
    data = {"XDG_DATA_HOME": str(tmp_path)}
    assert lasting(read({}), data)[0].history
    for elsewhere in (SPACE | {"PUBLIC": "no"}, SHARED | {"PUBLIC": "no"}, {"PUBLIC": "yes"}):
        assert lasting(read(elsewhere), data)[0].history is None
        assert read(elsewhere).history_bytes == 256 * 2**20


@pytest.fixture
def app(base, head):
    def make(environment) -> App:
        settings = read(environment)
        return App(base, settings, (), (), Shelf.of(settings, [str(head)], Hub(), base))

    return make


def test_a_private_duplicate_opens_what_the_desk_opens(app, head):
    trusted, strangers = app(SPACE | {"PUBLIC": "no"}), app(SPACE)
    assert trusted.shelf.refusal(str(head)) == ""
    assert "only into repositories" in strangers.shelf.refusal(str(head))
    assert str(head) in {row.text for row in place_rows(trusted)}
    assert str(head) not in json.dumps([row.text for row in place_rows(strangers)])


@pytest.mark.parametrize(
    ("environment", "chip", "place", "opened"),
    [
        ({}, "nothing leaves", "your own machine", ".pt too"),
        (SHARED, "shared server", "a server", "safetensors alone"),
        ({"PUBLIC": "yes"}, "shared server", "a server", "safetensors alone"),
        (SPACE | {"SPACE_ID": ORIGINAL}, "public Space", ORIGINAL, "safetensors alone"),
        (SPACE, "public Space", f"{OURS}, a duplicate of", "safetensors alone"),
        (SPACE | {"PUBLIC": "no"}, "private Space", f"{OURS}, a duplicate of", ".pt too"),
    ],
)
def test_the_page_says_where_it_runs_and_what_follows(app, environment, chip, place, opened):
    here = app(environment)
    # The tiny base lies in a folder, so that its own name is no model of the Hub's.
    assert chip in privacy_line(here)
    rows = {row.name: row.text for row in where_rows(here.settings)}
    assert place in rows["it runs on"] and opened in rows["may be opened"]
    assert (ON_A_SPACE in leaving_sentences(here)) == ("SPACE_ID" in environment)
    assert ("sign-in" in rows) == ("SPACE_ID" in environment)


def test_sign_in_is_there_where_the_space_has_it_and_it_is_of_use():
    oauth, mine = {"OAUTH_CLIENT_ID": "id"}, {"PUBLIC": "no"}
    said = [
        (SPACE | mine | oauth, True, "private repositories"),
        (SPACE | mine, False, "hf_oauth: true"),
        (SPACE | oauth, False, "no need"),
    ]
    for environment, is_asked, told in said:
        settings = read(environment)
        assert settings.asks_to_sign_in == is_asked
        assert told in {row.name: row.text for row in where_rows(settings)}["sign-in"]
    assert not read(oauth).asks_to_sign_in
