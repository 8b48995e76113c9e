"""Where the app looks for checkpoints, for whom, and what it says of them."""

import pytest
from tests.support.heads import save_head
from tests.support.hub import LoopbackHub

from card import card, size_text, time_text
from environment import read
from menu import choice_of
from settings import BadSetting, Settings
from shelf import Shelf
from vlmscope import Checkpoint
from vlmscope.checkpoints.hub import Hub


@pytest.fixture
def server():
    with LoopbackHub() as server:
        yield server


def hub_of(server, tmp_path, **settings) -> Hub:
    return Hub(endpoint=server.endpoint, cache=tmp_path / "hub", token=False, seconds=5, **settings)


def test_its_own_places_and_others_are_listed_and_what_cannot_be_read_is_told(
    base, tmp_path, server
):
    save_head(tmp_path / "runs" / "mine.safetensors", base.hidden_size)
    other = save_head(tmp_path / "other" / "other.safetensors", 2048)
    head = (tmp_path / "runs" / "mine.safetensors").read_bytes()
    server.put("someone/heads", {"theirs.safetensors": head})
    settings = Settings(hub=("someone/heads", "someone"))
    shelf = Shelf.of(settings, [str(tmp_path / "runs")], hub_of(server, tmp_path), base)
    assert {each.name for each in shelf.look().records} == {"mine", "theirs"}
    found = shelf.look([str(other.parent), "/nowhere/at/all", "hf://someone/none"])
    by_name = {each.name: each for each in found.records}
    assert set(by_name) == {"mine", "theirs", "other"}
    assert len(found.problems) == 2 and "/nowhere/at/all" in found.problems[0]
    assert {name for name, each in by_name.items() if shelf.fits(each)} == {"mine", "theirs"}
    assert "Qwen3-VL-2B" in (shelf.check(by_name["other"]).reason or "")


def test_strangers_look_into_allowed_repositories_and_never_on_the_disk(base, tmp_path, server):
    head = save_head(tmp_path / "mine.safetensors", base.hidden_size).read_bytes()
    server.put("someone/heads", {"theirs.safetensors": head, "old.pt": b"PK\x03\x04"})
    server.put("other/heads", {"a.safetensors": head})
    settings = read({"HUB": "someone, third/one", "HOST": "0.0.0.0"})
    hub = hub_of(server, tmp_path, allowed=settings.hub)
    shelf = Shelf.of(settings, [], hub, base)
    assert not shelf.is_private and shelf.refusal("hf://someone/heads") == ""
    for place in ("/etc", str(tmp_path), "mine.safetensors", "~"):
        assert "only into repositories on the Hub" in shelf.refusal(place)
    found = {each.name: each for each in shelf.look(["hf://someone/heads"]).records}
    assert shelf.fits(found["theirs"]) and not shelf.fits(found["old"])
    assert "may not be read here" in shelf.look(["hf://other/heads"]).problems[-1]


def test_strangers_are_not_told_where_a_folder_lay_that_is_gone(base, tmp_path, server):
    settings = Settings(host="0.0.0.0")
    gone = tmp_path / "private" / "runs"
    (told,) = Shelf.of(settings, [str(gone)], hub_of(server, tmp_path), base).look().problems
    assert "'runs'" in told and str(tmp_path) not in told


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("someone/heads", "hf://someone/heads"),
        ("someone/heads@v1", "hf://someone/heads@v1"),
        ("spaces/someone/heads", "hf://spaces/someone/heads"),
        ("spaces/someone/heads@v1", "hf://someone/heads@v1"),
    ],
)
def test_a_repository_that_is_named_is_offered_and_allowed_and_no_other_is(
    base, tmp_path, server, name, place
):
    head = save_head(tmp_path / "mine.safetensors", base.hidden_size).read_bytes()
    kind = "space" if name.startswith("spaces/") else "model"
    for repo in ("someone/heads", "someone/else"):
        server.put(repo, {"theirs.safetensors": head}, kind, revision="v1")
        server.put(repo, {"theirs.safetensors": head}, kind)
    settings = read({"HUB": name, "HOST": "0.0.0.0"})
    shelf = Shelf.of(settings, [], hub_of(server, tmp_path, allowed=settings.hub), base)
    assert [each.name for each in shelf.look().records] == ["theirs"]
    found = shelf.look([place])
    assert {each.name for each in found.records} == {"theirs"} and not found.problems
    for other in ("hf://someone/else", "hf://spaces/someone/else"):
        assert "may not be read here" in shelf.look([other]).problems[0]


@pytest.mark.parametrize(
    "name",
    [
        "spaces/o",
        "o/n@a..b",
        "o--n/x",
        "datasets/a/b",
        "a/b/c",
        "https://x.org/a/b",
        "../etc",
        "a;b",
        "-a/b",
    ],
)
def test_a_repository_that_is_none_is_refused_at_start(name):
    with pytest.raises(BadSetting, match="HUB names"):
        read({"HUB": name})


def test_a_card_shows_text_as_text_and_who_said_it(base):
    record = Checkpoint(
        "<b>late</b>",
        "/runs/<i>.pt",
        kind="arr-coc",
        bytes=1_700_000,
        modified="2026-01-02T03:04:05.000+00:00",
        step=1200,
        metrics={"<u>": 0.5},
        config={"note": "<script>"},
        tensors={"<em>": ((2, 3), "F32")},
        warnings=("<img>",),
        said_by={"step": "its name"},
    )
    shelf = Shelf((), Hub(), True, base.hidden_size, {})
    shown = card(record, shelf.check(record), shows_place=True)
    for tag in ("<b>late", "<i>", "<u>", "<script>", "<em>", "<img>"):
        assert tag not in shown
    assert "1,200" in shown and "its name" in shown and "1.6 MiB (1,700,000 bytes)" in shown
    assert "2 × 3" in shown and "2026-01-02 03:04 UTC" in shown
    assert "/runs" not in card(record, shelf.check(record), shows_place=False)


def test_sizes_and_times_are_for_people():
    assert [size_text(n) for n in (None, 12, 2048, 3 * 2**30)] == ["", "12 B", "2.0 KiB", "3.0 GiB"]
    assert time_text(None) == ""


def test_a_choice_that_is_added_has_an_id_of_its_own():
    record = Checkpoint("late", "/a/late.safetensors", kind="arr-coc", step=5)
    first = choice_of(record, set())
    second = choice_of(record, {first.variant.id})
    assert first.label == "ARR-COC late · step 5" and second.variant.id == "arr-coc-late-2"
