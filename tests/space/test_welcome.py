"""The strip above the comparison on a Space: an owner's settings, or the way to a copy of one's own."""

import re
from dataclasses import replace

import pytest

from application import App
from environment import read
from page import build
from shelf import Shelf
from vlmscope.checkpoints.hub import Hub
from welcome import Unset, first_run, unset
from whereabouts import ORIGINAL

MINE = {"SYSTEM": "spaces", "SPACE_ID": "ada/vlmscope", "PUBLIC": "no"}
ALL_SET = {"HUB": "ada/heads", "SECRET": "sixteen letters!"}


@pytest.fixture
def app(base):
    def make(environment) -> App:
        settings = read(environment)
        return App(base, settings, (), (), Shelf.of(settings, [], Hub(), base))

    return make


def ids(app: App) -> set[str]:
    """What stands on the page, by the ids of its components and in its HTML."""
    blocks = build(app).blocks.values()
    html = " ".join(str(getattr(block, "value", "")) for block in blocks)
    return {getattr(b, "elem_id", None) or "" for b in blocks} | set(
        re.findall(r'id="([\w-]+)"', html)
    )


def test_the_owner_of_a_duplicate_is_told_what_is_not_set(app):
    assert [each.name for each in unset(app(MINE))] == ["a GPU", "HUB", "SECRET", "HISTORY"]
    assert "first-run" in ids(app(MINE)) and "duplicate" not in ids(app(MINE))


def test_what_is_set_is_not_told(app, tmp_path):
    everything = app(MINE | ALL_SET | {"HISTORY": str(tmp_path)})
    on_gpu = replace(everything, base=_on_gpu(everything.base))
    assert [each.name for each in unset(everything)] == ["a GPU"]
    assert list(unset(on_gpu)) == []


def test_on_a_cpu_the_base_is_named_by_whether_it_is_the_small_one(app):
    (own, *_) = unset(app(MINE))
    assert own.without == "a CPU runs this base, slowly"
    here = app(MINE)
    (shipped, *_) = unset(replace(here, base=replace(here.base, name="shipped")))
    assert "the small base that ships" in shipped.without


@pytest.mark.parametrize("told", [{"SPACE_ID": ORIGINAL, "PUBLIC": ""}, {"PUBLIC": "yes"}])
def test_strangers_are_shown_the_way_to_a_copy_and_no_owners_settings(app, told):
    found = ids(app(MINE | told))
    assert "duplicate" in found and "first-run" not in found


@pytest.mark.parametrize(
    "elsewhere",
    [{}, {"HOST": "0.0.0.0"}, {"SYSTEM": "spaces", "SPACE_ID": ORIGINAL, "PUBLIC": "no"}],
)
def test_elsewhere_there_is_no_strip(app, elsewhere):
    assert not ids(app(elsewhere)) & {"duplicate", "first-run"}


def test_the_button_leads_to_a_duplicate_of_this_space(app):
    page = build(app(MINE | {"PUBLIC": "yes"}))
    button = next(b for b in page.blocks.values() if getattr(b, "elem_id", "") == "duplicate")
    (click,) = [fn for fn in page.fns.values() if (button._id, "click") in fn.targets]
    assert "https://huggingface.co/spaces/ada/vlmscope?duplicate=true" in str(click.js)


def test_a_note_that_was_dismissed_comes_back_when_it_says_something_else():
    def says(*names: str) -> str:
        html = first_run("ada/vlmscope", tuple(Unset(name, "how", "what") for name in names))
        (found,) = re.findall(r'data-says="(\w+)"', html)
        return found

    assert says("HUB", "SECRET") == says("HUB", "SECRET") != says("SECRET")
    assert "runs without HUB and SECRET<" in first_run(
        "ada/vlmscope", (Unset("HUB", "", ""), Unset("SECRET", "", ""))
    )


def _on_gpu(base):
    class Gpu:
        type = "cuda"

    return replace(base, device=Gpu())
