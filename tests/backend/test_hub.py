"""Checkpoints on the Hub, through its real client and a Hub on loopback."""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from tests.support import hub as loopback
from tests.support.adapters import save_adapter
from tests.support.heads import make_state
from tests.support.hub import LoopbackHub, hub_of
from tests.support.reference import picture

from vlmscope import CheckpointError, SharedBase, Variant, check_checkpoint, discover, peek, run
from vlmscope.checkpoints import check, sources
from vlmscope.checkpoints.download import download
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_errors import Interrupted
from vlmscope.checkpoints.hub_find import fetched
from vlmscope.checkpoints.hub_place import HubPlace, hub_place
from vlmscope.checkpoints.places import is_hub
from vlmscope.cli.fetch import fetch

HIDDEN = 192
HEAD = save(make_state(HIDDEN), {"epoch": "3"})
REPO = "someone/arr-coc"


def pickled(seed: int = 0) -> bytes:
    out = io.BytesIO()
    torch.save({"model_state_dict": make_state(HIDDEN, seed), "epoch": 5}, out)
    return out.getvalue()


def again(server: LoopbackHub, hub: Hub, **settings) -> Hub:
    """As a process that starts later has it, with the same cache."""
    return hub_of(server, hub.cache, **settings)


# ---- what a source names


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("hf://o/n", HubPlace("o/n")),
        ("o/n@v1", HubPlace("o/n", None, "v1")),
        ("hf://spaces/o/n@main/a/b.pt", HubPlace("o/n", "space", "main", "a/b.pt")),
        ("hf://o/n/runs/step-5", HubPlace("o/n", None, None, "runs/step-5")),
        ("hf://o/n@refs/pr/3/a.pt", HubPlace("o/n", None, "refs/pr/3", "a.pt")),
        ("https://huggingface.co/o/n", HubPlace("o/n")),
        ("https://huggingface.co/spaces/o/n/", HubPlace("o/n", "space")),
        ("https://huggingface.co/o/n/tree/v1/runs", HubPlace("o/n", None, "v1", "runs")),
        (
            "https://huggingface.co/o/n/blob/main/a.safetensors",
            HubPlace("o/n", None, "main", "a.safetensors"),
        ),
        (
            "https://hf.co/o/n/resolve/refs%2Fpr%2F1/a.pt?download=true",
            HubPlace("o/n", None, "refs/pr/1", "a.pt"),
        ),
    ],
)
def test_a_source_names_a_place(source: str, place: HubPlace):
    assert is_hub(source) and hub_place(source) == place
    assert hub_place(str(place)) == place


@pytest.mark.parametrize(
    "source",
    [
        *("hf://", "hf://o", "hf://o/", "hf:///n", "hf://o/n@", "hf://o/n@a..b", "hf://../n"),
        *("hf://o/n/../../etc/passwd", "hf://o/n//etc/passwd", "hf://o/n/a\\b", "hf://o/n/a\x00b"),
        *(
            "hf://o/n/a\u202eb.pt",
            "hf://o/n/c:x",
            "https://huggingface.co/datasets/o/n",
            "hf://o/n/.",
        ),
    ],
)
def test_a_source_that_names_none_or_leaves_its_repository_is_refused(source: str):
    with pytest.raises(CheckpointError) as caught:
        hub_place(source)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_a_path_here_is_no_repository(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert (
        not is_hub("a/b")
        and is_hub("a/c")
        and not is_hub("a/c.pt")
        and not is_hub("https://x.org/a")
    )


# ---- finding


def test_a_repository_is_listed_at_a_commit_from_pieces(server, hub):
    big = save({"x": torch.zeros(2_000_000)})
    commit = server.put(
        REPO,
        {
            "README.md": b"hello",
            "runs/step-500/model.safetensors": HEAD,
            "runs/late_step-7.pt": pickled(),
            "runs/metadata.json": json.dumps({"late_step-7.pt": {"notes": "mine"}}).encode(),
            "whole.safetensors": big,
            "notes.pt": b"not a checkpoint",
        },
        unsafe=("notes.pt",),
    )
    found = {each.name: each for each in discover(f"hf://{REPO}", hub=hub)}
    assert set(found) == {"step-500", "late_step-7", "whole", "notes"}
    late, step = found["late_step-7"], found["step-500"]
    assert (late.kind, late.epoch, late.step, late.notes) == ("arr-coc", 5, 7, "mine")
    assert (step.kind, step.epoch, step.fits) == ("arr-coc", 3, f"hidden size {HIDDEN}")
    assert late.commit == commit and late.source == f"hf://{REPO}@{commit}/runs/late_step-7.pt"
    assert late.modified and late.modified.startswith("2026-01-02T03:04:05")
    assert "unsafe" in found["notes"].warnings[0] and "bare pickle" in found["notes"].warnings[1]
    assert server.sent < 1_500_000 < len(big)
    assert peek(late.source, hub=hub) == late
    asked = len(server.asked("/resolve/"))
    assert discover(f"hf://{REPO}", hub=hub) == list(discover(f"hf://{REPO}", hub=hub))
    assert len([a for a in server.asked("/resolve/")[asked:] if "notes.pt" not in a]) == 0


def test_five_hundred_megabytes_are_peeked_at_in_a_quarter_of_one(server, hub, tmp_path):
    tensors = {f"model.layers.{i}.weight": torch.zeros(200_000) for i in range(600)}
    torch.save(tensors, tmp_path / "a.pt")  # 480 MB, of zeros that were never written
    for name, raw in (("a.pt", (tmp_path / "a.pt").read_bytes()), ("a.safetensors", save(tensors))):
        server.put(f"someone/{name.partition('.')[2]}", {name: raw})
        (tmp_path / "a.pt").unlink(missing_ok=True)
    for kind in ("pt", "safetensors"):
        server.sent = 0
        record = peek(f"hf://someone/{kind}", hub=hub)
        assert record.tensors is not None and len(record.tensors) == 600
        assert (record.bytes or 0) > 450e6 and server.sent < 400_000
        moved = server.sent
        assert moved < 250_000 + 150_000, moved  # with the listing


def test_the_model_and_the_space_of_a_name_are_both_looked_into(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    server.put(REPO, {"b.safetensors": HEAD}, "space")
    found = discover(f"https://huggingface.co/{REPO}", hub=hub)
    assert {each.name for each in found} == {"a", "b"}
    (space,) = discover(f"hf://spaces/{REPO}", hub=hub)
    assert space.source.startswith(f"hf://spaces/{REPO}@")
    server.put("someone/only-space", {"c.safetensors": HEAD}, "space")
    assert [each.name for each in discover("hf://someone/only-space", hub=hub)] == ["c"]
    assert Path(fetched(hub, "hf://someone/only-space")).read_bytes() == HEAD


def test_new_commits_are_seen_and_what_was_pinned_stays(server, hub, tmp_path):
    first = server.put(REPO, {"a.safetensors": HEAD})
    (old,) = discover(f"hf://{REPO}", hub=hub)
    second = server.put(REPO, {"a.safetensors": save(make_state(HIDDEN, 4))})
    (new,) = discover(f"hf://{REPO}", hub=hub)
    assert (old.commit, new.commit) == (first, second)
    assert fetched(hub, old.source).read_bytes() == HEAD
    assert fetched(hub, f"hf://{REPO}").read_bytes() != HEAD


def test_names_that_lead_out_of_the_repository_are_left_out(server, hub):
    server.put(
        REPO, {"a.safetensors": HEAD, "../../b.safetensors": HEAD, "c\u202e.safetensors": HEAD}
    )
    assert [each.name for each in discover(f"hf://{REPO}", hub=hub)] == ["a"]


def test_a_renamed_repository_is_followed_and_said(server, hub):
    server.put("someone/new-name", {"a.safetensors": HEAD})
    server.renamed["someone/old-name"] = "someone/new-name"
    (found,) = discover("hf://someone/old-name", hub=hub)
    assert found.warnings == ("someone/old-name is now called someone/new-name.",)
    assert found.source.startswith("hf://someone/new-name@")


# ---- fetching


def test_a_file_is_fetched_once_into_the_hubs_own_cache(server, hub):
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    commit = server.put(REPO, {"runs/a.safetensors": HEAD})
    seen: list[tuple[int, int]] = []
    path = fetched(hub, f"hf://{REPO}/runs", progress=lambda *at: seen.append(at))
    assert path.read_bytes() == HEAD and seen[-1] == (len(HEAD), len(HEAD))
    cached = try_to_load_from_cache(REPO, "runs/a.safetensors", hub.cache, commit)
    assert isinstance(cached, str) and Path(cached).samefile(path)
    (repo,) = scan_cache_dir(hub.cache).repos
    assert repo.repo_id == REPO and repo.size_on_disk == len(HEAD)
    server.requests.clear()
    assert fetched(again(server, hub), f"hf://{REPO}@{commit}/runs/a.safetensors") == path
    assert server.requests == []


def test_an_adapter_is_fetched_with_its_config(server, hub, tiny: SharedBase, tmp_path: Path):
    folder = save_adapter(tmp_path / "adapter", tiny.model)
    server.put(REPO, {f"lora/{path.name}": path.read_bytes() for path in folder.iterdir()})
    path = fetched(hub, f"hf://{REPO}/lora")
    assert path.name == "adapter_model.safetensors"
    assert json.loads((path.parent / "adapter_config.json").read_text())["r"] == 4


def test_variants_on_the_hub_answer_as_those_on_disk(
    server, hub, tiny_folder, tmp_path, monkeypatch
):
    base = SharedBase.load(tiny_folder, device="cpu", hub=hub)
    (tmp_path / "head.safetensors").write_bytes(HEAD)
    adapter = save_adapter(tmp_path / "adapter", base.model)
    files = {"head.safetensors": HEAD, "again.safetensors": HEAD}
    files |= {f"lora/{path.name}": path.read_bytes() for path in adapter.iterdir()}
    server.put(REPO, files)
    image, query = picture(96, 96), "What colour?"
    here = [f"arr-coc:{tmp_path / 'head.safetensors'}", f"lora:{adapter}"]
    there = [f"arr-coc:hf://{REPO}/head.safetensors", f"lora:hf://{REPO}/lora"]
    there.append(f"arr-coc:hf://{REPO}/again.safetensors,lora=hf://{REPO}/lora")
    assert all(str(Variant.parse(line)) for line in there)
    ours = run(base, image, query, there, max_new_tokens=4).results
    theirs = run(base, image, query, here, max_new_tokens=4).results
    assert [r.status for r in ours] == ["done"] * 3, [r.error for r in ours]
    assert [r.token_ids for r in ours[:2]] == [r.token_ids for r in theirs]
    assert len(base.memory.heads) == 1 and len(base.memory.adapters) == 1  # known by their content
    server.close()
    gone = run(base, image, query, ["baseline", "arr-coc:hf://someone/other"], max_new_tokens=2)
    assert [r.status for r in gone.results] == ["done", "failed"]
    assert "cannot be reached" in (gone.results[1].error or "")


def test_a_check_of_a_checkpoint_on_the_hub(server, hub, monkeypatch):
    whole = save({"model.language_model.embed_tokens.weight": torch.zeros(4000, 192)})
    server.put(REPO, {"a.safetensors": HEAD, "b/model.safetensors": whole})
    for module in (sources, check):
        monkeypatch.setattr(module, "default_hub", lambda: hub)
    assert check_checkpoint(f"hf://{REPO}").ok
    server.sent = 0
    assert "whole model" in (check_checkpoint(f"hf://{REPO}/b").reason or "")
    assert server.sent < 200_000 < len(whole)
    assert "is not there" in (check_checkpoint("hf://someone/none").reason or "")


def test_the_command_line_fetches_first_and_tells_a_terminal_the_bytes(
    server, hub, monkeypatch, capsys
):
    server.put(REPO, {"a.safetensors": HEAD})
    monkeypatch.setattr(sources, "default_hub", lambda: hub)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fetch([Variant.parse(f"arr-coc:hf://{REPO}"), Variant.parse("arr-coc:hf://someone/none")])
    told = capsys.readouterr().err
    assert told.startswith(f"\rhf://{REPO}: ") and told.count("\n") == 1
    assert len(server.asked("/store/")) == 1


def test_a_download_that_is_cut_goes_on_by_itself_and_the_next_time(server, hub, monkeypatch):
    data = save({"x": torch.arange(300_000)})
    server.put(REPO, {"a.safetensors": data})
    server.faults["/store/"] = loopback.cut_after(200_000)
    assert fetched(hub, f"hf://{REPO}").read_bytes() == data
    server.put(REPO, {"a.safetensors": data + b"\0"})
    server.faults["/store/"] = loopback.cut_after(300_000, times=9)
    hub = again(server, hub)
    with pytest.raises(CheckpointError, match=r"was cut after 0\.9 MiB of 2\.3 MiB; try again"):
        fetched(hub, f"hf://{REPO}")
    server.faults.clear()
    server.sent = 0
    assert fetched(hub, f"hf://{REPO}").read_bytes() == data + b"\0"
    assert server.sent < 1_700_000


def test_a_server_that_dies_in_the_middle_gets_a_sentence(server, hub, monkeypatch):
    data = save({"x": torch.arange(300_000)})
    server.put(REPO, {"a.safetensors": data})

    def die(handler) -> bool:
        handler.cut = 100_000
        threading.Thread(target=server.close).start()
        return False

    server.faults["/store/"] = die
    with pytest.raises(CheckpointError, match="was cut after"):
        fetched(hub, f"hf://{REPO}")


def test_a_download_can_be_stopped_and_goes_on_from_there(server, hub, monkeypatch):
    data = save({"x": torch.arange(300_000)})
    server.put(REPO, {"a.safetensors": data})
    have = [0]
    with pytest.raises(Interrupted, match="was stopped after"):
        fetched(
            hub,
            f"hf://{REPO}",
            progress=lambda *told: have.append(told[0]),
            stop=lambda: have[-1] > 900_000,
        )
    server.sent = 0
    assert fetched(hub, f"hf://{REPO}").read_bytes() == data
    assert 0 < server.sent < 1_600_000


def test_bytes_other_than_the_hash_says_are_thrown_away(server, hub):
    server.put(REPO, {"a.safetensors": HEAD, "b/config.json": b"{}"})
    server.faults["/store/"] = loopback.corrupt
    with pytest.raises(CheckpointError, match="thrown away"):
        fetched(hub, f"hf://{REPO}/a.safetensors")
    pinned = hub.pin(f"hf://{REPO}")
    (config,) = (file for file in hub.files(pinned) if file.name == "config.json")
    server.faults = {"/resolve/": loopback.corrupt}
    with pytest.raises(CheckpointError, match="thrown away"):
        download(hub, pinned, config)
    server.faults.clear()
    assert fetched(hub, f"hf://{REPO}/a.safetensors").read_bytes() == HEAD
    assert download(hub, pinned, config).read_bytes() == b"{}"


def test_two_who_fetch_the_same_file_at_once_get_it_whole(server, hub):
    data = save({"x": torch.arange(100_000)})
    server.put(REPO, {"a.safetensors": data})
    got: list[bytes] = []
    work = [
        threading.Thread(target=lambda: got.append(fetched(hub, f"hf://{REPO}").read_bytes()))
        for _ in range(4)
    ]
    for each in work:
        each.start()
    for each in work:
        each.join()
    assert got == [data] * 4 and len(server.asked("/store/")) == 1


@pytest.mark.parametrize("mode", ["together", "measured"])
def test_a_comparison_that_is_stopped_while_it_fetches_is_stopped_and_not_failed(
    server, hub, tiny_folder, monkeypatch, mode
):
    base = SharedBase.load(tiny_folder, device="cpu", hub=hub)
    server.put(REPO, {"a.safetensors": HEAD})
    stop = lambda: bool(server.asked("/store/"))  # noqa: E731
    lines = ["baseline", f"arr-coc:hf://{REPO}"]
    results = run(
        base, picture(96, 96), "What?", lines, stop=stop, max_new_tokens=3, mode=mode
    ).results
    assert results[1].status == "stopped" and results[1].error is None
    assert run(base, picture(96, 96), "What?", lines, max_new_tokens=3).results[1].status == "done"


def test_another_file_of_a_commit_that_is_partly_in_the_cache_is_fetched(server, hub):
    commit = server.put(REPO, {"a.safetensors": HEAD, "b.pt": pickled()})
    fetched(hub, f"hf://{REPO}@{commit}/a.safetensors")
    assert fetched(hub, f"hf://{REPO}@{commit}/b.pt").name == "b.pt"
    assert len(discover(f"hf://{REPO}@{commit}", hub=again(server, hub))) == 2


def test_a_disk_that_is_full_is_seen_before_anything_moves(server, hub, monkeypatch):
    server.put(REPO, {"a.safetensors": HEAD})
    full = shutil._ntuple_diskusage(10**9, 10**9 - 5, 5)  # type: ignore[attr-defined]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(CheckpointError, match=r"the disk has 0\.0 MiB free; make room"):
        fetched(hub, f"hf://{REPO}")
    assert not server.asked("/store/")


def test_a_cache_that_cannot_be_written_to_gets_a_sentence(server, hub, tmp_path):
    server.put(REPO, {"a.safetensors": HEAD})
    (tmp_path / "hub").write_bytes(b"a file")
    with pytest.raises(CheckpointError, match="HF_HUB_CACHE"):
        fetched(hub, f"hf://{REPO}")


def test_a_cache_with_a_limit_lets_the_oldest_go_and_keeps_what_is_in_use(server, hub):
    for number, owner in enumerate(("a", "b", "c")):
        server.put(f"{owner}/heads", {"a.safetensors": save(make_state(HIDDEN, number))})
    size = len(HEAD)
    first = fetched(hub, "hf://a/heads")
    time.sleep(0.05)
    second = fetched(hub, "hf://b/heads")
    limited = again(server, hub, max_cache_bytes=int(2.5 * size))
    using = fetched(limited, "hf://a/heads")
    third = fetched(limited, "hf://c/heads")
    assert using == first and first.is_file() and third.is_file() and not second.exists()
    assert fetched(limited, "hf://b/heads").is_file()  # all in use: none of them leaves


# ---- what is allowed


def test_only_allowed_owners_and_repositories_are_read(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    server.put("other/one", {"a.safetensors": HEAD})
    assert fetched(again(server, hub, allowed=["someone"]), f"hf://{REPO}")
    assert fetched(again(server, hub, allowed=[REPO]), f"hf://{REPO}")
    server.requests.clear()
    for allowed in ([], ["other/two"], ["some"]):
        with pytest.raises(CheckpointError, match="may not be read here"):
            fetched(again(server, hub, allowed=allowed), "hf://other/one")
    assert server.requests == []
    server.renamed["someone/moved"] = "other/one"
    with pytest.raises(CheckpointError, match="other/one may not be read here"):
        fetched(again(server, hub, allowed=["someone"]), "hf://someone/moved")


def test_a_file_above_the_limit_is_not_fetched(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    with pytest.raises(CheckpointError, match=r"at most 0\.0 MiB are downloaded here"):
        fetched(again(server, hub, max_bytes=1000), f"hf://{REPO}")
    assert not server.asked("/store/")


def test_pickles_are_not_fetched_where_only_safetensors_are_taken(server, hub):
    server.put(REPO, {"a.pt": pickled()})
    with pytest.raises(CheckpointError, match="only safetensors are taken here"):
        fetched(hub, f"hf://{REPO}", pickles=False)
    assert not server.asked("/store/")


def test_a_token_goes_to_the_hub_alone_and_into_no_log(server, hub, caplog):
    secret = "hf_secretsecretsecret"
    server.put(REPO, {"a.safetensors": HEAD}, token=secret)
    with caplog.at_level(logging.DEBUG):
        assert fetched(again(server, hub, token=secret), f"hf://{REPO}").read_bytes() == HEAD
        assert discover(f"hf://{REPO}", hub=again(server, hub, token=secret))
        with pytest.raises(CheckpointError) as caught:
            fetched(again(server, hub, token="hf_wrong"), "hf://someone/none")
    assert secret not in caplog.text and "hf_wrong" not in caplog.text + str(caught.value)
    assert any(token and secret in token for _, path, token in server.requests if "/api/" in path)
    stored = [token for _, path, token in server.requests if path.startswith("/store/")]
    assert stored and set(stored) == {None}


# ---- every way in which it fails


def test_each_fault_has_its_own_sentence_and_leaves_the_rest_working(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    server.put("someone/gated", {"a.safetensors": HEAD}, gated=True)
    server.put("someone/empty", {"README.md": b"x"})
    server.put("someone/two", {"a.safetensors": HEAD, "b.safetensors": HEAD})
    faults = {
        "someone/missing": "is not there, or is private",
        "someone/gated": "is gated: accept its conditions",
        f"{REPO}@v9": "has no revision 'v9'",
        f"{REPO}/b.safetensors": "is not there; check the path",
        "someone/empty": "holds no single checkpoint",
        "someone/two": "holds no single checkpoint",
    }
    said = []
    for source, expected in faults.items():
        with pytest.raises(CheckpointError, match=expected) as caught:
            fetched(hub, f"hf://{source}")
        said.append(str(caught.value))
        assert said[-1].endswith(".") and "\n" not in said[-1] and source.split("@")[0] in said[-1]
    assert fetched(hub, f"hf://{REPO}").read_bytes() == HEAD


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (loopback.status(429, Retry_After="37"), "ask again in 37 s"),
        (loopback.status(429, ratelimit='"api";r=0;t=55'), "ask again in 55 s"),
        (loopback.status(401), "is not there, or is private"),
        (
            loopback.status(401, X_Error_Message="Invalid credentials in Authorization header"),
            "set HF_TOKEN anew",
        ),
        (loopback.status(403), "may not be read with this token"),
        (loopback.status(500), r"out of order \(500\); try again later"),
        (loopback.status(503, Retry_After="9"), r"out of order \(503\); try again in 9 s"),
        (loopback.status(418), "status 418"),
        (loopback.hang_up, "cannot be reached"),
    ],
)
def test_an_answer_that_is_none_is_told_by_its_kind_at_once(server, hub, fault, expected):
    server.put(REPO, {"a.safetensors": HEAD})
    server.faults["/tree/"] = fault
    with pytest.raises(CheckpointError, match=expected) as caught:
        fetched(hub, f"hf://{REPO}")
    assert len(server.asked("/tree/")) == 1 and "http://" not in str(caught.value)
    server.faults = {"/resolve/": fault}
    with pytest.raises(CheckpointError, match=expected):
        peek(f"hf://{REPO}", hub=again(server, hub))
    with pytest.raises(CheckpointError, match=expected):
        fetched(again(server, hub), f"hf://{REPO}")
    server.faults.clear()
    assert fetched(again(server, hub), f"hf://{REPO}").read_bytes() == HEAD


def test_a_hub_that_is_slow_is_told_in_time(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    server.faults["/api/"] = loopback.slow(30)
    start = time.perf_counter()
    with pytest.raises(CheckpointError, match="did not answer in time"):
        fetched(again(server, hub, seconds=0.4), f"hf://{REPO}")
    assert time.perf_counter() - start < 3


def test_a_hub_that_is_down_serves_what_is_in_the_cache(server, hub):
    commit = server.put(REPO, {"a.safetensors": HEAD, "b.safetensors": HEAD})
    path = fetched(hub, f"hf://{REPO}/a.safetensors")
    server.close()
    later = again(server, hub, seconds=3)
    assert fetched(later, f"hf://{REPO}@{commit}/a.safetensors") == path
    assert fetched(later, f"hf://{REPO}/a.safetensors") == path
    (found,) = discover(f"hf://{REPO}", hub=later)
    assert found.commit == commit and "This is what the cache holds." in found.warnings[0]
    assert found.kind == "arr-coc"
    with pytest.raises(CheckpointError, match="is not there"):
        fetched(later, f"hf://{REPO}/b.safetensors")
    with pytest.raises(CheckpointError, match="cannot be reached"):
        fetched(later, "hf://someone/other")


def test_offline_by_setting_the_cache_serves_and_nothing_is_asked(server, hub, monkeypatch):
    from huggingface_hub import constants

    server.put(REPO, {"a.safetensors": HEAD})
    path = fetched(hub, f"hf://{REPO}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    server.requests.clear()
    assert fetched(again(server, hub), f"hf://{REPO}") == path
    with pytest.raises(CheckpointError, match="HF_HUB_OFFLINE"):
        fetched(again(server, hub), "hf://someone/other")
    assert server.requests == []


def test_a_server_without_ranges_is_not_moved_whole_for_a_peek(server, hub):
    server.put(REPO, {"a.pt": pickled()})
    server.faults["/store/"] = loopback.without_ranges
    with pytest.raises(CheckpointError, match="cannot be read in pieces"):
        peek(f"hf://{REPO}", hub=hub)


LOAD_BASE = """
import sys
from vlmscope import BaseError, SharedBase
for name, revision in (("someone/tiny", None), ("someone/tiny", "v9"), ("someone/none", None)):
    try:
        base = SharedBase.load(name, revision=revision, device="cpu")
        print(base.revision)
    except BaseError as error:
        print(error)
"""


def test_a_base_is_pinned_loaded_and_told_about_the_same_way(server, tiny_folder, tmp_path):
    files = {path.name: path.read_bytes() for path in tiny_folder.iterdir() if path.is_file()}
    commit = server.put("someone/tiny", files)

    def load() -> list[str]:
        own = {
            "HF_ENDPOINT": server.endpoint,
            "HF_HOME": str(tmp_path),
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", LOAD_BASE],
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip().splitlines()

    assert load() == [
        commit,
        "The base cannot be had: hf://someone/tiny@v9 has no revision 'v9'; give a branch, tag or "
        "commit that is there.",
        "The base cannot be had: hf://someone/none is not there, or is private; check the name, or set "
        "HF_TOKEN to see private ones.",
    ]
    assert all("main" not in path for path in server.asked("/resolve/"))
    server.close()
    again = load()
    assert again[0] == commit and all("cannot be reached" in said for said in again[1:])
