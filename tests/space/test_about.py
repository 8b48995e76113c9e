"""What the tab About says, against settings and readings that are known."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime

import psutil
import pytest
import torch

from about import (
    base_rows,
    keeping_rows,
    leaving_sentences,
    limit_rows,
    memory_rows,
    place_rows,
    tracking_rows,
    version_rows,
    where_rows,
)
from application import App
from leaving import NOTHING, leaving
from memory_use import MIB, Held, MemoryUse, read_memory
from menu import menu
from page import build, privacy_line
from settings import Settings
from shelf import Shelf
from tracking import Tracker
from vlmscope import SharedBase
from vlmscope.checkpoints.hub import Hub

SHARED = "0.0.0.0"


@pytest.fixture
def app(base, head):
    def make(**settings) -> App:
        own = Settings(checkpoints=(str(head),), **settings)
        shelf = Shelf.of(own, [str(head)], Hub(), base)
        return App(base, own, menu([]), (), shelf)

    return make


def texts(rows) -> dict[str, str]:
    return {row.name: row.text for row in rows}


class Troubled(Tracker):
    """A tracker that has failed, and says where."""

    @property
    def trouble(self) -> str:
        return "trackio failed (No space left on device: '/root/.cache/trackio')."


@pytest.mark.parametrize(("host", "is_told"), [("127.0.0.1", True), (SHARED, False)])
def test_where_a_tracker_failed_is_told_at_the_desk_alone(app, host, is_told):
    state = texts(tracking_rows(replace(app(track="trackio", host=host), tracker=Troubled())))
    assert ("/root" in state["state"]) == is_told
    assert "no trouble" not in state["state"]


def test_the_base_is_named_with_its_revision(app):
    private = app()
    pinned = replace(private.base, name="Qwen/Qwen3-VL-2B-Instruct", revision="0123abc")
    rows = texts(base_rows(replace(private, base=pinned)))
    assert (rows["base"], rows["revision"]) == ("Qwen/Qwen3-VL-2B-Instruct", "0123abc")
    assert rows["dtype"] == "float32"


def test_a_base_from_a_folder_has_the_hash_of_its_files_and_not_its_place(app, tiny_base):
    rows = {row.name: row for row in base_rows(app())}
    assert rows["base"].text == tiny_base.name
    assert rows["revision"].text.startswith("sha256:")
    assert rows["revision"].note == "hash of its weights"


def test_memory_is_what_the_system_says_and_the_peak_is_never_below_it():
    before = psutil.Process().memory_info().rss
    block = torch.ones(64 * MIB // 4)  # its pages are written, so they are held
    use = read_memory(torch.device("cpu"))
    assert use.process.now >= before + block.nbytes // 2
    assert use.process.peak >= use.process.now
    assert use.gpu is None
    assert abs((datetime.now(UTC) - use.read_at).total_seconds()) < 60


def test_memory_is_told_in_mib_and_a_gpus_tensors_beside_the_process():
    use = MemoryUse(datetime.now(UTC), Held(1536 * MIB, 2048 * MIB), Held(10 * MIB, 20 * MIB))
    rows = texts(memory_rows(use, 4096 * MIB))
    assert rows["process"] == "1,536 MiB now, 2,048 MiB at peak"
    assert rows["GPU"] == "10 MiB now, 20 MiB at peak"
    assert rows["ceiling"] == "4,096 MiB"


def test_versions_are_those_that_run():
    rows = texts(version_rows())
    assert rows["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert set(rows) >= {"vlmscope", "gradio_comparisongrid", "gradio", "transformers", "python"}


ELSEWHERE = {"recorded", "host", "port", "checkpoints", "hub", "space", "sign_in"}
"""Said by the address, by the places, or by where it runs."""


def test_every_setting_is_said_with_its_variable_and_value(app, tmp_path):
    numbers = {
        f.name: 7 for f in fields(Settings) if "int" in str(f.type) or "float" in str(f.type)
    }
    settings = replace(Settings(), history=tmp_path, track="trackio", **numbers)
    rows = [*where_rows(settings), *limit_rows(settings), *keeping_rows(settings)]
    pinned = replace(app().base, name="owner/base", revision="0123abc")
    whole = replace(app(), settings=settings, base=pinned)
    rows += [*tracking_rows(whole), *base_rows(whole)]
    noted = {row.note: row.text for row in rows}
    for name in numbers.keys() - ELSEWHERE:
        assert "7" in noted[name.upper()]
    told = {word for note in noted for word in note.split()}
    assert {f.name for f in fields(Settings) if f.name.upper() not in told} == ELSEWHERE


def test_at_the_desk_places_are_told_whole_and_on_a_shared_server_by_name(app, head):
    assert texts(place_rows(app()))["folder"] == str(head)
    strangers = app(host=SHARED)
    assert texts(place_rows(strangers))["folder"] == head.name


def test_no_place_of_a_shared_servers_disk_is_on_its_page(app, head, tmp_path):
    config = build(app(host=SHARED, history=tmp_path)).get_config_file()
    said = json.dumps(config, default=str)
    assert str(head.parent) not in said
    assert str(tmp_path) not in said


def test_history_is_said_to_lie_where_it_does(tmp_path):
    at_the_desk = Settings(history=tmp_path)
    assert texts(keeping_rows(at_the_desk))["history"] == str(tmp_path)
    assert "temporary" in texts(keeping_rows(Settings()))["history"]
    strangers = texts(keeping_rows(replace(at_the_desk, host=SHARED)))
    assert str(tmp_path) not in strangers["history"]
    assert strangers["room for it"] == "0.25 GiB for each person"


def test_nothing_leaves_unless_something_is_set(app):
    assert leaving(Settings(), "shipped") == ()
    private = app()
    assert leaving_sentences(private)[0] == NOTHING
    assert privacy_line(private) == "private · nothing leaves this machine"


def test_the_hubs_repositories_and_a_downloaded_base_are_said_to_be_asked_for(app):
    (hub,) = leaving(Settings(hub=("someone/heads",)), "shipped")
    assert "someone/heads" in hub
    (base,) = leaving(Settings(), "Qwen/Qwen3-VL-2B-Instruct")
    assert "Qwen/Qwen3-VL-2B-Instruct" in base
    with_hub = app(hub=("someone",))
    assert NOTHING not in leaving_sentences(with_hub)
    assert "nothing leaves" not in privacy_line(with_hub)


def test_a_base_in_a_folder_is_asked_of_nobody(tiny_base):
    assert SharedBase.load(tiny_base, device="cpu").name == str(tiny_base)
    assert leaving(Settings(), str(tiny_base)) == ()
