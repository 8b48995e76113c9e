"""Downloads from the Hub stop when they are told to, are whole, and keep a cache to its limit."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
import torch
from safetensors.torch import save
from tests.support import hub as loopback
from tests.support.adapters import save_adapter
from tests.support.heads import make_state
from tests.support.hub import LoopbackHub, hub_of

from vlmscope import CheckpointError, SharedBase, Variant, discover, peek
from vlmscope.checkpoints import content, sources
from vlmscope.checkpoints import download as downloading
from vlmscope.checkpoints.content import content_key
from vlmscope.checkpoints.download import download
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_errors import Interrupted
from vlmscope.checkpoints.hub_find import fetched, having
from vlmscope.checkpoints.hub_model import fetch_model, pinned_model
from vlmscope.checkpoints.hub_place import MAX_PART
from vlmscope.checkpoints.hub_room import OURS
from vlmscope.cli.fetch import fetch

REPO = "someone/arr-coc"
HEAD = save(make_state(192), {"epoch": "3"})
DATA = save({"x": torch.arange(300_000)})


def head(seed: int) -> bytes:
    return save(make_state(192, seed))


def part_of(hub: Hub) -> Path:
    """The one download of the cache that is not at its end."""
    (part,) = hub.cache.glob(f"*/blobs/*{OURS}")
    return part


# ---- stopped


@pytest.mark.parametrize("where", ["/api/models/", "/tree/", "/resolve/", "/store/"])
def test_who_stops_is_answered_though_the_server_never_answers(server, hub, where):
    server.put(REPO, {"a.safetensors": DATA})
    over = Event()
    server.faults[where] = lambda handler: not over.wait(60)
    patient = hub_of(server, hub.cache, seconds=60)
    with pytest.raises(Interrupted):
        fetched(patient, f"hf://{REPO}", stop=lambda: bool(server.asked(where)))
    over.set()
    server.faults.clear()
    assert fetched(hub_of(server, hub.cache), f"hf://{REPO}").read_bytes() == DATA


def test_who_stops_is_answered_though_no_more_bytes_come(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    over = Event()
    server.faults["/store/"] = loopback.stuck_after(200_000, over)
    have = [0]
    with pytest.raises(Interrupted, match=r"was stopped after 0\.2 MiB; the next time goes on"):
        fetched(
            hub_of(server, hub.cache, seconds=60),
            f"hf://{REPO}",
            progress=lambda *told: have.append(told[0]),
            stop=lambda: have[-1] >= 200_000,
        )
    over.set()
    server.faults.clear()
    server.sent = 0
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA
    assert server.sent < len(DATA)


def test_a_config_beside_an_adapter_is_stopped_and_bounded_too(server, hub, tiny, tmp_path: Path):
    folder = save_adapter(tmp_path / "adapter", tiny.model)
    files = {f"lora/{path.name}": path.read_bytes() for path in folder.iterdir()}
    server.put(REPO, files)
    over = Event()
    server.faults["/resolve/"] = lambda handler: "config" in handler.path and not over.wait(60)
    asked = lambda: bool(server.asked("adapter_config.json"))  # noqa: E731
    with pytest.raises(Interrupted):
        fetched(hub_of(server, hub.cache, seconds=60), f"hf://{REPO}/lora", stop=asked)
    over.set()
    server.put("someone/large", files | {"lora/adapter_config.json": b" " * 1_000_001})
    with pytest.raises(CheckpointError, match="has 1,000,001 bytes, and a config at most"):
        fetched(hub, "hf://someone/large/lora")


def test_who_waits_for_another_process_sees_its_bytes_and_can_stop(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    loopback.slowly(server)
    begun = Event()
    first = threading.Thread(
        target=lambda: fetched(hub, f"hf://{REPO}", progress=lambda *_: begun.set())
    )
    first.start()
    assert begun.wait(10)
    seen: list[int] = []
    with pytest.raises(Interrupted):
        fetched(
            hub_of(server, hub.cache, seconds=60),
            f"hf://{REPO}",
            progress=lambda have, whole: seen.append(have),
            stop=lambda: len(seen) > 0,
        )
    first.join()
    assert seen and len(server.asked("/store/")) == 1


def test_another_process_that_moves_nothing_is_told(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    server.faults["/store/"] = loopback.cut_after(1000, times=9)
    with pytest.raises(CheckpointError, match="was cut after"):
        fetched(hub, f"hf://{REPO}")
    with open(part_of(hub), "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(
            CheckpointError, match=r"another process, which moved nothing for 0\.5 s"
        ):
            fetched(hub_of(server, hub.cache, seconds=0.5), f"hf://{REPO}")
    server.faults.clear()
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA


def test_a_download_in_which_nothing_moves_is_told_and_goes_on_the_next_time(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    over = Event()
    server.faults["/store/"] = loopback.stuck_after(200_000, over)
    with pytest.raises(CheckpointError, match=r"has not moved for 1 s; try again, it goes on"):
        fetched(hub_of(server, hub.cache, seconds=1), f"hf://{REPO}")
    over.set()
    assert len(server.asked("/store/")) == 1
    server.faults.clear()
    server.sent = 0
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA
    assert server.sent < len(DATA)


def test_a_download_that_moves_may_take_longer_than_an_answer(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    loopback.slowly(server, piece=40_000)  # sixty pieces, a fiftieth of a second apart
    assert fetched(hub_of(server, hub.cache, seconds=0.5), f"hf://{REPO}").read_bytes() == DATA


def test_holding_a_file_against_its_hash_can_be_stopped(server, hub):
    commit = server.put(REPO, {"a.safetensors": DATA})
    source = f"hf://{REPO}@{commit}/a.safetensors"
    fetched(hub, source)
    with pytest.raises(Interrupted):
        fetched(hub_of(server, hub.cache), source, stop=lambda: True)
    assert fetched(hub_of(server, hub.cache), source).read_bytes() == DATA


# ---- whole, or not used


@pytest.mark.parametrize("leftover", [b"short", DATA[:-1] + b"\1", DATA + b"\0"])
def test_a_blob_of_another_size_or_hash_in_the_cache_is_not_used(server, hub, leftover):
    server.put(REPO, {"a.safetensors": DATA})
    pinned = hub.pin(f"hf://{REPO}")
    (file,) = hub.files(pinned)
    blob = hub.disk.blob(pinned, file)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(leftover)
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA
    path = fetched(hub, f"hf://{REPO}/a.safetensors")
    path.write_bytes(leftover)  # through the link, as a disk that fails
    assert fetched(hub_of(server, hub.cache), f"hf://{REPO}/a.safetensors").read_bytes() == DATA
    path.write_bytes(leftover)
    server.close()
    with pytest.raises(CheckpointError, match="is damaged in the cache"):
        fetched(hub_of(server, hub.cache), f"hf://{REPO}@{pinned.commit}/a.safetensors")


def test_what_was_held_against_its_hash_is_not_read_again(server, hub, monkeypatch):
    server.put(REPO, {"a.safetensors": DATA})
    fetched(hub, f"hf://{REPO}/a.safetensors")
    monkeypatch.setattr("hashlib.sha256", None)
    assert fetched(hub, f"hf://{REPO}/a.safetensors").read_bytes() == DATA


def test_a_server_without_ranges_is_begun_anew_with(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    server.faults["/store/"] = loopback.cut_after(200_000, times=9)
    with pytest.raises(CheckpointError, match="was cut after"):
        fetched(hub, f"hf://{REPO}")
    assert part_of(hub).stat().st_size > 0
    server.faults["/store/"] = loopback.without_ranges
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA


def test_a_server_that_knows_no_such_piece_is_begun_anew_with(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    server.faults["/store/"] = loopback.cut_after(200_000, times=9)
    with pytest.raises(CheckpointError, match="was cut after"):
        fetched(hub, f"hf://{REPO}")
    server.faults["/store/"] = lambda handler: (
        handler.headers["Range"].startswith("bytes=0-") is False and loopback.status(416)(handler)
    )
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            loopback.says(b"<html>", Content_Type="text/html"),
            "a web page answered in the Hub's place",
        ),
        (loopback.says(b"x" * 50), "a file of another size than the one that is listed"),
        (loopback.says(b"x", 206, Content_Range="bytes 5-5/9"), "another piece than the one"),
        (loopback.says(b"x", 206, Content_Range="bytes 0-0/9"), "a file of another size"),
        (loopback.says(b"x", 206), "another piece"),
        (loopback.status(429, Retry_After="7"), "ask again in 7 s"),
        (loopback.status(503), "out of order"),
        (loopback.status(403), "may not be read with this token"),
        (loopback.hang_up, "cannot be reached"),
    ],
)
def test_a_download_that_is_refused_has_the_sentence_of_its_reason(server, hub, fault, expected):
    server.put(REPO, {"a.safetensors": DATA})
    server.faults["/store/"] = fault
    for act in (fetched, lambda hub, source: peek(source, hub=hub)):
        with pytest.raises(CheckpointError, match=expected) as caught:
            act(hub, f"hf://{REPO}")
        assert "\n" not in str(caught.value) and "make room" not in str(caught.value)
    server.faults.clear()
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EDQUOT, "the disk is full; make room"),
        (errno.EACCES, "Permission denied; set HF_HUB_CACHE"),
        (errno.EROFS, "Read-only file system; set HF_HUB_CACHE"),
        (errno.ENAMETOOLONG, "its name is too long for this disk"),
    ],
)
def test_a_disk_that_does_not_take_it_is_told_by_its_reason(
    server, hub, monkeypatch, number, expected
):
    server.put(REPO, {"a.safetensors": DATA})

    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(downloading._Download, "_tell", full)
    with pytest.raises(CheckpointError, match=expected):
        fetched(hub, f"hf://{REPO}")
    monkeypatch.undo()
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA


def test_a_name_as_long_as_a_disk_takes_in_any_script_is_kept(server, hub):
    name = "é" * ((MAX_PART - len(".safetensors")) // 2) + ".safetensors"
    server.put(REPO, {name: HEAD, "é" * 130 + ".safetensors": HEAD})
    (record,) = discover(f"hf://{REPO}", hub=hub)  # the longer one is none that could be kept
    assert fetched(hub, record.source).read_bytes() == HEAD
    with pytest.raises(CheckpointError, match="longer than the 255 that a disk takes"):
        fetched(hub, f"hf://{REPO}/{'é' * 130}")


# ---- away


def test_by_its_commit_what_is_in_the_cache_is_listed_peeked_at_and_fetched_offline(server, hub):
    commit = server.put(REPO, {"a.safetensors": HEAD, "b.safetensors": HEAD})
    path = fetched(hub, f"hf://{REPO}/a.safetensors")
    server.close()
    later = hub_of(server, hub.cache)
    (record,) = discover(f"hf://{REPO}@{commit}", hub=later)
    assert (record.commit, record.kind, record.epoch) == (commit, "arr-coc", 3)
    assert "This is what the cache holds." in record.warnings[0]
    assert peek(record.source, hub=later).tensors == record.tensors
    assert peek(f"hf://{REPO}@{commit}", hub=later).kind == "arr-coc"
    assert fetched(later, record.source) == fetched(later, f"hf://{REPO}@{commit}") == path


@pytest.mark.parametrize("fault", [loopback.status(503), loopback.status(429), loopback.hang_up])
def test_what_the_hub_was_away_for_is_asked_again_when_it_is_back(server, hub, fault):
    server.put(REPO, {"a.safetensors": HEAD, "b.safetensors": HEAD})
    fetched(hub, f"hf://{REPO}/a.safetensors")
    later = hub_of(server, hub.cache)
    server.faults["/api/"] = fault
    assert fetched(later, f"hf://{REPO}/a.safetensors").read_bytes() == HEAD
    with pytest.raises(CheckpointError, match="is not there"):
        fetched(later, f"hf://{REPO}/b.safetensors")
    server.faults.clear()
    assert fetched(later, f"hf://{REPO}/b.safetensors").read_bytes() == HEAD


# ---- a cache with a limit


def on_disk(hub: Hub) -> int:
    """Bytes of all that the cache holds, whatever it is."""
    files = (p for p in hub.cache.rglob("*") if p.is_file() and not p.is_symlink())
    return sum(path.stat().st_size for path in files)


def limited(server: LoopbackHub, hub: Hub, size: float) -> Hub:
    return hub_of(server, hub.cache, max_cache_bytes=int(size))


def test_a_limit_holds_over_many_downloads_of_one_process(server, hub):
    hub = limited(server, hub, 2.5 * len(HEAD))
    for number in range(6):
        server.put(f"someone/n{number}", {"a.safetensors": head(number)})
        assert fetched(hub, f"hf://someone/n{number}").is_file()
        assert on_disk(hub) <= 2.5 * len(HEAD)
    for number in range(3):  # and over the commits of one repository
        server.put(REPO, {"a.safetensors": head(number)})
        (record,) = discover(f"hf://{REPO}", hub=hub)
        assert fetched(hub, record.source).read_bytes() == head(number)
        assert on_disk(hub) <= 2.5 * len(HEAD)


def test_what_was_used_longest_ago_leaves_first(server, hub):
    hub = limited(server, hub, 2.5 * len(HEAD))
    for name in ("a", "b", "c"):
        server.put(f"{name}/heads", {"a.safetensors": head(ord(name))})
    first, second = fetched(hub, "hf://a/heads"), fetched(hub, "hf://b/heads")
    os.utime(next((hub.cache / ".locks" / "models--b--heads").iterdir()), (1, 1))
    fetched(hub, "hf://c/heads")
    assert first.is_file() and not second.exists()


def test_what_is_in_use_stays_and_what_does_not_fit_beside_it_is_refused(server, hub):
    for name in ("a", "b", "c"):
        server.put(f"{name}/heads", {"a.safetensors": head(ord(name))})
    small, other = limited(server, hub, 1.5 * len(HEAD)), limited(server, hub, 1.5 * len(HEAD))
    with having(small, "hf://a/heads") as path:
        for each in (small, other):  # of this process, and as another has it
            with pytest.raises(CheckpointError, match="beside what is in use"):
                fetched(each, "hf://b/heads")
        assert path.read_bytes() == head(ord("a"))
    assert fetched(other, "hf://b/heads").is_file() and not path.exists()
    with pytest.raises(
        CheckpointError, match=r"needs 0\.2 MiB, and the cache here, which is kept to"
    ):
        fetched(limited(server, hub, 1000), "hf://c/heads")


def test_a_base_stays_in_the_cache_while_its_process_lives(server, hub, tiny_folder: Path):
    files = {path.name: path.read_bytes() for path in tiny_folder.iterdir() if path.is_file()}
    server.put("someone/tiny", files)
    server.put(REPO, {"a.safetensors": HEAD})
    pinned = pinned_model(hub, "someone/tiny", None)
    fetch_model(hub, pinned)
    with pytest.raises(CheckpointError, match="beside what is in use"):
        fetched(limited(server, hub, on_disk(hub) + 1000), f"hf://{REPO}")
    assert (hub.disk.snapshot(pinned) / "model.safetensors").is_file()


def test_downloads_that_were_cut_and_blobs_that_nothing_names_count_too(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    server.faults["/store/"] = loopback.cut_after(600_000, times=9)
    with pytest.raises(CheckpointError, match="was cut"):
        fetched(hub, f"hf://{REPO}")
    server.faults.clear()
    part = part_of(hub)
    orphan = part.with_name("a" * 64)
    orphan.write_bytes(bytes(1_000_000))
    os.utime(orphan, (1, 1))
    server.put("other/heads", {"a.safetensors": HEAD})
    small = limited(server, hub, 1.1 * len(HEAD))
    assert fetched(small, "hf://other/heads").is_file()
    assert not part.exists() and not orphan.exists() and on_disk(hub) <= 1.1 * len(HEAD)


def test_a_repository_that_was_only_listed_does_not_hide_from_the_hubs_own_tools(server, hub):
    from huggingface_hub import scan_cache_dir

    server.put(REPO, {"a.safetensors": HEAD})
    fetched(hub, f"hf://{REPO}")
    server.put(REPO, {"a.safetensors": HEAD, "b.safetensors": HEAD})
    server.put("other/heads", {"a.safetensors": HEAD})
    discover(f"hf://{REPO}", "hf://other/heads", hub=hub)
    held = scan_cache_dir(hub.cache)
    assert not held.warnings and [repo.repo_id for repo in held.repos] == [REPO]


def test_a_blob_that_leaves_while_one_waits_for_it_is_fetched_again(server, hub, monkeypatch):
    server.put(REPO, {"a.safetensors": DATA})
    link, left = hub.disk.link, []

    def evicted(blob: Path, place: Path) -> None:
        link(blob, place)
        if not left:
            left.append(blob.unlink())

    monkeypatch.setattr(hub.disk, "link", evicted)
    assert fetched(hub, f"hf://{REPO}").read_bytes() == DATA
    assert len(server.asked("/store/")) == 2


def test_a_part_that_another_finished_or_threw_away_meanwhile_is_not_written_to(server, hub):
    server.put(REPO, {"a.safetensors": DATA})
    server.faults["/store/"] = loopback.cut_after(1000, times=9)
    with pytest.raises(CheckpointError, match="was cut"):
        fetched(hub, f"hf://{REPO}")
    server.faults.clear()
    part = part_of(hub)
    waiting = Event()
    got: list[bytes] = []
    second = threading.Thread(
        target=lambda: got.append(
            fetched(hub, f"hf://{REPO}", progress=lambda *_: waiting.set()).read_bytes()
        )
    )
    with open(part, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second.start()
        assert waiting.wait(10)
        part.unlink()
    second.join()
    assert got == [DATA]


# ---- beside it


def test_a_source_is_escaped_where_a_terminal_is_told_of_it(monkeypatch, capsys):
    def told(source: str, progress: Callable[[int, int], None]) -> None:
        progress(1, 1)

    monkeypatch.setattr("vlmscope.cli.fetch.local_source", told)
    monkeypatch.setattr("vlmscope.cli.fetch.is_hub", lambda source: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fetch([Variant("arr-coc", "hf://o/n/\x1b[2J\x07.pt")])
    shown = capsys.readouterr().err
    assert "\x1b" not in shown and "\x07" not in shown and r"\x1b[2J" in shown


def test_a_large_file_that_is_no_head_is_refused_before_it_is_read_whole(
    tiny: SharedBase, tmp_path: Path, monkeypatch
):
    large = tmp_path / "large.safetensors"
    large.write_bytes(save({"x": torch.zeros(1000)}))
    monkeypatch.setattr(content, "_digest", lambda stamp: pytest.fail("read whole"))
    for load in (tiny.head, lambda source: tiny.adapted([source])):
        with pytest.raises(CheckpointError):
            load(str(large))


def test_what_is_known_of_a_file_is_not_checked_again(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"1")
    checks: list[int] = []
    for _ in range(2):
        content_key(path, check=lambda: checks.append(1))
    path.write_bytes(b"22")
    content_key(path, check=lambda: checks.append(1))
    assert len(checks) == 2


def test_a_download_lies_in_its_commit_wherever_it_was_asked_from(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    pinned = hub.pin(f"hf://{REPO}")
    (file,) = hub.files(pinned)
    assert download(hub, pinned, file).parent == hub.disk.snapshot(pinned)
    assert sources.local_source(f"hf://{REPO}", hub=hub) == str(download(hub, pinned, file))
