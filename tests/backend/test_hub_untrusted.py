"""What people write, and all that a server says, is a stranger's: nothing of it leads anywhere else."""

from __future__ import annotations

import gzip
import json
import random
import socket
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from safetensors.torch import save
from tests.support import hub as loopback
from tests.support.heads import make_state
from tests.support.hub import LoopbackHub, hub_of

from vlmscope import CheckpointError, check_checkpoint, discover, peek
from vlmscope.checkpoints.hub_answers import MAX_ANSWER, MAX_PAGES
from vlmscope.checkpoints.hub_errors import wait_of
from vlmscope.checkpoints.hub_find import fetched
from vlmscope.checkpoints.hub_place import HubPlace, hub_place, is_address
from vlmscope.checkpoints.places import is_hub

HEAD = save(make_state(192), {"epoch": "3"})
REPO = "someone/arr-coc"
WEB = "https://huggingface.co/someone/arr-coc"
SECRET = "hf_secretsecretsecret"


def refusal(act, *given, **settings) -> str:
    """What is said instead of doing it: one sentence on one line, and no address in it."""
    with pytest.raises(CheckpointError) as caught:
        act(*given, **settings)
    said = str(caught.value)
    assert said.endswith(".") and "\n" not in said and "http://" not in said
    return said


# ---- places


@pytest.mark.parametrize(
    "address",
    [
        *(
            f"{WEB}/resolve/{dots}/x"
            for dots in ("..%2F..", "%2e%2e%2f%2e%2e", "..%5C..", "%2Fetc")
        ),
        *(f"{WEB}/resolve/main/{path}" for path in ("..%2F..%2Fetc%2Fpasswd", "a%2Fb", "a%5Cb")),
        *(f"{WEB}/resolve/main/{path}" for path in ("%2e%2e/x", "a%00b", "%2E/x", "%ff", "c%3Ax")),
        *(f"{WEB}/tree/{revision}" for revision in ("a%00b", "a%2F%2Fb", "a%2F..%2Fb", "%252e")),
        *(
            f"https://huggingface.co/{name}"
            for name in ("o%2Fn/x", "..%2F../x", "o/..%2Fn", "a--b/c")
        ),
        *("hf://o/n@..%2F..%2Fx", "hf://o/n@%2Fetc", "hf://o/n@a%2F..%2Fb", "hf://o/n@a%5Cb"),
        *(
            "https://[::1",
            "https://[x]/o/n",
            "hf://o/n/" + "é" * 128,
            "hf://o/n/" + "a/" * 600 + "b",
        ),
        *("hf://o/n/\udce9", "hf://\udce9/n", "hf://o--n/x", "https://elsewhere.org/o/n"),
    ],
)
def test_what_leaves_its_repository_when_decoded_is_refused(address: str):
    refusal(hub_place, address)
    is_address(address)


def test_a_file_of_this_machine_is_not_read_by_a_web_address(server, hub, tmp_path: Path):
    commit = server.put(REPO, {"a.safetensors": HEAD})
    fetched(hub, f"hf://{REPO}")
    (tmp_path / "mine.safetensors").write_bytes(HEAD)
    up = "..%2F" * 8 + str(tmp_path)[1:].replace("/", "%2F")
    for revision, path in ((commit, f"{up}%2Fmine.safetensors"), (up, "mine.safetensors")):
        for act in (fetched, lambda hub, source: peek(source, hub=hub)):
            refusal(act, hub, f"{WEB}/resolve/{revision}/{path}")


@pytest.mark.parametrize(
    "source",
    [
        *(
            "hf://o/n",
            "o/n@v1",
            "hf://spaces/o/n@v1.0+cu/a b.pt",
            "hf://models/o/n",
            "hf://o/n/a@b.pt",
        ),
        *(
            "hf://o/n@refs/pr/3/a.pt",
            "hf://o/n@feature%2Fx/a.pt",
            "hf://o/n@refs%2Fpr%2F3/a@b/c%2Fd.pt",
        ),
        *(f"{WEB}/resolve/feature%2Fx/a%20b.pt", f"{WEB}/blob/refs%2Fconvert%2Fx/%C3%A9.pt"),
        *(f"{WEB}/tree/refs/pr/3/runs", f"{WEB}/resolve/main/50%25.pt?download=true#top"),
    ],
)
def test_a_place_that_is_written_down_is_the_same_place_when_it_is_read(source: str):
    place = hub_place(source)
    assert is_hub(str(place)) and hub_place(str(place)) == place


def test_a_branch_with_a_slash_is_read_and_its_record_leads_there_again(server, hub):
    server.put(REPO, {"a.safetensors": HEAD}, revision="feature/x")
    assert hub_place(f"{WEB}/resolve/feature%2Fx/a.safetensors") == HubPlace(
        REPO, None, "feature/x", "a.safetensors"
    )
    (record,) = discover(f"hf://{REPO}@feature%2Fx", hub=hub)
    assert peek(record.source, hub=hub).source == record.source
    assert fetched(hub, f"hf://{REPO}@feature%2Fx/a.safetensors").read_bytes() == HEAD


# ---- what a listing says


def tell(server: LoopbackHub, **changes: object) -> None:
    """Have the repository list its one file with other facts."""
    commit = server.put(REPO, {"a.safetensors": HEAD})
    about = server.repos["model", REPO].entries[commit, "a.safetensors"]
    about.update(changes)


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"lfs": {"oid": oid, "size": 9}}
            for oid in ("../../../x", "", None, "A" * 64, "a" * 63, 7)
        ),
        *({"lfs": lfs} for lfs in ("x", [], 7)),
        *({"lfs": None, "oid": oid} for oid in ("../x", None, "g" * 40, "a" * 64, ["a"])),
        *({"size": size} for size in ("12", -1, 2**70, 1.5, None, True, [1])),
        *({"path": path} for path in (None, 7, ["a"])),
    ],
)
def test_a_listing_with_what_cannot_be_is_refused_and_nothing_is_written(server, hub, changes):
    tell(server, **changes)
    said = refusal(fetched, hub, f"hf://{REPO}")
    assert "the Hub's answer holds" in said
    refusal(discover, f"hf://{REPO}", hub=hub)
    assert not list(hub.cache.rglob("*.incomplete"))


@pytest.mark.parametrize(
    "changes",
    [
        *({"sha": sha} for sha in ("../../x", "", 7, "A" * 40, "a" * 39, ["a"])),
        *({"id": name} for name in ("../../x", None, "x", 7, "a--b/c", "a/b/c")),
    ],
)
def test_a_commit_or_a_name_that_cannot_be_is_refused(server, hub, changes):
    commit = server.put(REPO, {"a.safetensors": HEAD})
    about = {"id": REPO, "sha": commit, **changes}
    server.faults[f"/api/models/{REPO}"] = loopback.says(json.dumps(about).encode())
    assert "the Hub's answer holds" in refusal(fetched, hub, f"hf://{REPO}")


def test_another_commit_than_the_one_that_was_asked_for_is_refused(server, hub):
    commit = server.put(REPO, {"a.safetensors": HEAD})
    about = {"id": REPO, "sha": "a" * 40}
    server.faults["/revision/"] = loopback.says(json.dumps(about).encode())
    assert "where a commit should be" in refusal(fetched, hub, f"hf://{REPO}@{commit}")


def test_a_cache_that_holds_what_cannot_be_is_as_good_as_none(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    fetched(hub, f"hf://{REPO}")
    (reference,) = hub.cache.glob("*/refs/main")
    server.close()
    for text in (b"../../../etc", b"\xff\xfe", b"", b"a" * 40, b"a" * 100_000):
        reference.write_bytes(text)
        assert "cannot be reached" in refusal(fetched, hub_of(server, hub.cache), f"hf://{REPO}")


@pytest.mark.parametrize("date", ["soon", 7, None, "2026-13-45", "9" * 5000, {"a": 1}])
def test_a_date_that_is_none_costs_a_record_its_date_alone(server, hub, date):
    commit = server.put(REPO, {"a.safetensors": HEAD})
    about = [{"path": "a.safetensors", "lastCommit": {"date": date}, "securityFileStatus": 3}, 4]
    server.faults["/paths-info/"] = loopback.says(json.dumps(about).encode())
    (record,) = discover(f"hf://{REPO}", hub=hub)
    assert (record.commit, record.modified, record.kind) == (commit, None, "arr-coc")


# ---- how much it says, and in what form

BOMB = gzip.compress(b"[" + b" " * 200_000_000 + b"]")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (loopback.says(BOMB, Content_Encoding="gzip"), "compressed bytes"),
        (loopback.says(b"[" + b" " * (MAX_ANSWER + 1) + b"]"), "more than 6 MiB"),
        (loopback.says(b"<html>Sign in</html>", Content_Type="text/html"), "a web page answered"),
        (loopback.says(b"Sign in"), "speaks no JSON answered in the Hub's place"),
        (loopback.says(b"[" * 100_000), "speaks no JSON"),
        (loopback.says(b'[{"size": NaN}]'), "speaks no JSON"),
        (loopback.says(b"\xff\xfe[]"), "speaks no JSON"),
        (loopback.says(b'{"a": 1}'), "no list"),
        (loopback.says(b"[1]"), "where a file should be"),
        (loopback.says(b"[" + b"9" * 5000 + b"]"), "speaks no JSON"),
        (loopback.says(b"", 204), "status 204"),
    ],
)
def test_an_answer_without_bounds_or_sense_is_told_as_what_it_is(server, hub, fault, expected):
    server.put(REPO, {"a.safetensors": HEAD})
    server.faults["/tree/"] = fault
    assert expected in refusal(discover, f"hf://{REPO}", hub=hub)
    assert server.sent < 30_000_000
    server.faults.clear()
    assert discover(f"hf://{REPO}", hub=hub)


def test_pages_without_end_and_files_without_number_are_not_waited_for(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})

    def another(handler) -> bool:
        at = handler.path.partition("?")[0]
        return loopback.says(b"[]", Link=f'<{server.endpoint}{at}?cursor=x>; rel="next"')(handler)

    server.faults["/tree/"] = another
    assert f"more than {MAX_PAGES} pages" in refusal(discover, f"hf://{REPO}", hub=hub)
    entry = {"type": "file", "size": 1, "oid": "a" * 40}
    many = [entry | {"path": f"{number}.bin"} for number in range(20_001)]
    server.faults["/tree/"] = loopback.says(json.dumps(many).encode())
    assert "more than 20,000 files" in refusal(discover, f"hf://{REPO}", hub=hub)


def test_an_answer_without_an_end_is_left_and_no_work_outlives_it(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    ended = Event()
    server.faults["/tree/"] = loopback.endless(ended)
    assert "more than 6 MiB" in refusal(discover, f"hf://{REPO}", hub=hub)
    assert ended.wait(10)
    ended.clear()
    server.faults = {"/resolve/": loopback.endless(ended)}
    refusal(peek, f"hf://{REPO}", hub=hub)
    assert ended.wait(10)


def test_a_listing_in_pages_is_read_to_its_end(server, hub):
    commit = server.put(REPO, {"a.safetensors": HEAD, "b.safetensors": HEAD})
    entries = server.repos["model", REPO].entries
    at = f"/api/models/{REPO}/tree/{commit}"

    def page(handler) -> bool:
        name = "b" if "cursor" in handler.path else "a"
        body = json.dumps([entries[commit, f"{name}.safetensors"]]).encode()
        following = f'<{at}?cursor=2>; rel="next"' if name == "a" else ""
        return loopback.says(body, Link=following)(handler)

    server.faults["/tree/"] = page
    assert {each.name for each in discover(f"hf://{REPO}", hub=hub)} == {"a", "b"}


# ---- where it sends one


def test_the_token_follows_no_next_page_and_no_redirect_to_another_host(server, hub):
    commit = server.put(REPO, {"a.safetensors": HEAD}, token=SECRET)
    hub = hub_of(server, hub.cache, token=SECRET)
    elsewhere = f'<{server.store}/api/models/{REPO}/tree/{commit}?cursor=2>; rel="next"'
    server.faults["/tree/"] = loopback.says(b"[]", Link=elsewhere)
    assert "a next page elsewhere" in refusal(discover, f"hf://{REPO}", hub=hub)
    server.faults = {"/tree/": loopback.says(b"", 302, Location=f"{server.store}/store/x")}
    assert "answered in the Hub's place" in refusal(discover, f"hf://{REPO}", hub=hub)
    server.faults.clear()
    assert peek(f"hf://{REPO}", hub=hub).kind == "arr-coc"
    asked = [(path, token) for _, path, token in server.requests]
    assert all(token is None for path, token in asked if path.startswith("/store/"))
    assert sum("cursor" in path for path, _ in asked) == 0


@pytest.mark.parametrize(
    "where",
    ["/other/one/resolve/{commit}/a.safetensors", "/api/resolve-cache/models/other/one/a/b"],
)
def test_what_is_allowed_is_asked_again_of_each_redirect(server, hub, where):
    commit = server.put(REPO, {"a.safetensors": HEAD})
    server.put("other/one", {"a.safetensors": HEAD})
    server.faults[f"{REPO}/resolve/"] = loopback.says(
        b"", 307, Location=where.format(commit=commit)
    )
    allowed = hub_of(server, hub.cache, allowed=["someone"])
    assert "other/one may not be read here" in refusal(fetched, allowed, f"hf://{REPO}")
    assert not server.asked("other/one")


def test_a_repository_that_is_renamed_between_two_questions_is_followed_where_it_is_allowed(
    server, hub
):
    server.put(REPO, {"a.safetensors": HEAD})
    pinned = hub.pin(f"hf://{REPO}")
    server.repos["model", "someone/new"] = server.repos["model", REPO]
    server.renamed[REPO] = "someone/new"
    assert [file.path for file in hub.files(pinned)] == ["a.safetensors"]
    assert fetched(hub, f"hf://{REPO}").read_bytes() == HEAD


def test_a_redirect_without_end_or_to_nowhere_is_refused(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    for where in (
        f"/{REPO}/resolve/x/y",
        "http://[::1",
        "",
        "/x",
        "ftp://127.0.0.1/x",
        "file:///etc",
    ):
        server.faults["/resolve/"] = loopback.says(b"", 302, Location=where)
        refusal(fetched, hub_of(server, hub.cache), f"hf://{REPO}")


def test_signed_addresses_and_texts_of_a_server_are_in_no_sentence(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    body = json.dumps({"error": f"{SECRET}\nline"}).encode()
    for code in (400, 401, 403, 404, 410, 429, 500, 503):
        fault = loopback.says(body, code, X_Error_Message=SECRET, X_Request_Id=SECRET)
        for part in ("/api/", "/store/"):
            server.faults = {part: fault}
            said = refusal(fetched, hub_of(server, hub.cache), f"hf://{REPO}")
            assert SECRET not in said and "make room" not in said


# ---- how long


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "37"}, 37),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"RateLimit": '"api";r=0;t=55'}, 55),
        *(
            ({"Retry-After": text}, None)
            for text in ("-5", "0", "1e3", "9" * 400, "<b>", "²", "soon")
        ),
        *(
            ({"RateLimit": text}, None)
            for text in ('"api";r=0;t=' + "9" * 400, "t=-1", "t=99999999")
        ),
    ],
)
def test_only_a_sane_number_or_date_becomes_a_wait(headers, seconds):
    assert wait_of(headers) == seconds


def test_a_date_to_wait_for_becomes_seconds():
    from datetime import UTC, datetime, timedelta
    from email.utils import format_datetime

    when = datetime.now(UTC) + timedelta(seconds=100)
    assert 90 < (wait_of({"Retry-After": format_datetime(when, usegmt=True)}) or 0) <= 101


def test_a_listing_that_takes_too_long_is_told_with_what_was_read(server, hub):
    server.put(
        REPO, {f"{number}.safetensors": save(make_state(192, number)) for number in range(5)}
    )
    over = Event()
    asked: list[str] = []

    def stuck(handler) -> bool:
        asked.append(handler.path)
        if len(asked) > 4:  # two pieces are read of each
            over.wait(60)
        return False

    server.faults["/store/"] = stuck
    found = discover(f"hf://{REPO}", hub=hub_of(server, hub.cache, seconds=2))
    over.set()
    read = [each for each in found if each.kind == "arr-coc"]
    assert len(found) == 5 and len(read) == 2
    assert all("was not read in 2 s" in each.warnings[-1] for each in found if each.kind is None)
    server.faults.clear()
    assert len(server.asked("/store/")) == 5  # the others were not asked for any more
    assert all(each.kind == "arr-coc" for each in discover(f"hf://{REPO}", hub=hub))
    assert len(server.asked("/store/")) == 5 + 6


def test_pages_that_trickle_are_told_in_the_time_of_one(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})

    def page(handler) -> bool:
        at = handler.path.partition("?")[0]
        over.wait(0.3)
        return loopback.says(b"[]", Link=f'<{at}?cursor=x>; rel="next"')(handler)

    over = Event()
    server.faults["/tree/"] = page
    said = refusal(discover, f"hf://{REPO}", hub=hub_of(server, hub.cache, seconds=1))
    assert "did not answer in time" in said and len(server.asked("/tree/")) < 6


def test_an_answer_that_trickles_is_told_in_time(server, hub):
    server.put(REPO, {"a.safetensors": HEAD})
    loopback.slowly(server, "/api/", piece=1)
    said = refusal(discover, f"hf://{REPO}", hub=hub_of(server, hub.cache, seconds=0.3))
    assert "did not answer in time" in said


# ---- whatever it is


def test_answers_changed_at_random_are_told_and_raise_nothing_else(server, hub):
    """A fixed budget of 150 answers, each the true one with some bytes or values changed."""
    chance = random.Random(5)
    commit = server.put(REPO, {"a.safetensors": HEAD, "b.pt": b"PK\x03\x04"})
    files = [
        server.repos["model", REPO].entries[commit, name] for name in ("a.safetensors", "b.pt")
    ]
    true = {
        f"/revision/{commit}": {"id": REPO, "sha": commit},
        "/tree/": files,
        "/paths-info/": [files[0] | {"lastCommit": {"date": loopback.DATE}}],
    }
    odd = [None, -1, 10**30, "", "../x", "\x00", [], {}, True, 1.5, "a" * 300, "\ud800"]

    def changed(value: Any) -> bytes:
        if chance.random() < 0.5:
            text = bytearray(json.dumps(value).encode())
            for _ in range(chance.randint(1, 4)):
                text[chance.randrange(len(text))] = chance.randrange(256)
            return bytes(text)
        value = json.loads(json.dumps(value))
        one = value[0] if isinstance(value, list) else value
        key = chance.choice(list(one))
        one[key] = chance.choice(odd)
        return json.dumps(value).encode()

    for turn in range(150):
        part = chance.choice(list(true))
        server.faults = {part: loopback.says(changed(true[part]))}
        fresh = hub_of(server, hub.cache)
        try:
            for record in discover(f"hf://{REPO}@{commit}", hub=fresh):
                assert record.commit == commit
            assert fetched(fresh, f"hf://{REPO}@{commit}/a.safetensors").read_bytes() == HEAD, turn
        except CheckpointError as error:
            assert "\n" not in str(error)
    assert {path.name for path in hub.cache.parent.iterdir()} <= {"hub"}


def test_headers_changed_at_random_are_told_and_raise_nothing_else(server, hub):
    """A fixed budget of 100 raw answers to a piece of a file."""
    chance = random.Random(6)
    server.put(REPO, {"a.safetensors": HEAD})
    lines = [
        *(
            "HTTP/1.1 206 Partial Content",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 999 x",
            "HTTP/1.1 302 x",
            "x",
        ),
        *(
            "Content-Length: 5",
            "Content-Length: -1",
            "Content-Length: " + "9" * 30,
            "Content-Length: x",
        ),
        *("Content-Range: bytes 0-4/5", "Content-Range: bytes 9-4/*", "Content-Range: x"),
        *("Location: //x", "Location: http://[", "Location: \x00", "Transfer-Encoding: chunked"),
        *("Link: <", "Retry-After: \xff", "Content-Encoding: br", "Content-Type: text/html", ": x"),
    ]

    def raw(handler) -> bool:
        chosen = [chance.choice(lines[:5]), *chance.sample(lines[5:], 4)]
        text = "\r\n".join(chosen).encode("latin-1") + b"\r\n\r\nhello"
        handler.connection.sendall(text)
        handler.connection.shutdown(socket.SHUT_WR)
        handler.close_connection = True
        return True

    server.faults["/resolve/"] = raw
    for _ in range(100):
        refusal(peek, f"hf://{REPO}", hub=hub_of(server, hub.cache, seconds=2))
        refusal(fetched, hub_of(server, hub.cache, seconds=2), f"hf://{REPO}")


@pytest.mark.parametrize("seed", range(4))
def test_a_file_changed_at_random_is_told_when_it_is_peeked_at(server, hub, seed):
    """A fixed budget of 25 files to each seed, through the Hub as from the disk."""
    chance = random.Random(seed)
    for number in range(25):
        data = bytearray(HEAD)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(2000)] = chance.randrange(256)
        cut = bytes(data[: chance.choice([len(data), chance.randrange(1, len(data))])])
        server.put(f"someone/n{number}", {"a.safetensors": cut})
        try:
            assert peek(f"hf://someone/n{number}", hub=hub).tensors
        except CheckpointError as error:
            assert "\n" not in str(error)


def test_a_check_tells_what_is_wrong_with_any_source():
    for source in (
        "https://[::1/a",
        "hf://o/n@..%2F..",
        "hf://o",
        "https://huggingface.co/\udce9/x",
    ):
        assert check_checkpoint(source).reason
