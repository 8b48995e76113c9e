"""Two people at one machine, each with a token of their own: what one may read, the other never sees."""

import pytest
from tests.support.heads import save_head
from tests.support.hub import LoopbackHub, hub_of, status

from vlmscope import CheckpointError, discover, peek
from vlmscope.checkpoints.hub_errors import VISITOR, Away
from vlmscope.checkpoints.hub_find import fetched
from vlmscope.checkpoints.hub_own import OwnHub

ALICE, BOB = "hf_alice", "hf_bob"
PRIVATE, FILE = "alice/private", "late.safetensors"


@pytest.fixture
def server():
    with LoopbackHub() as server:
        yield server


@pytest.fixture
def head(tmp_path) -> bytes:
    return save_head(tmp_path / "head.safetensors", 32).read_bytes()


@pytest.fixture
def commit(server, head) -> str:
    return server.put(PRIVATE, {FILE: head}, token=ALICE)


@pytest.fixture
def shared(server, tmp_path):
    return hub_of(server, tmp_path / "shared", remedies=VISITOR)


@pytest.fixture
def hub(shared, tmp_path):
    """Somebody's, made anew for every call, as the app does."""

    def make(token: str, folder: str = "", offered: tuple[str, ...] = ()) -> OwnHub:
        return OwnHub(shared, offered, token, tmp_path / (folder or token))

    return make


def test_ones_own_token_reads_ones_private_repository(hub, commit, head):
    (found,) = discover(f"hf://{PRIVATE}", hub=hub(ALICE))
    assert (found.name, found.commit) == ("late", commit)
    assert fetched(hub(ALICE), found.source).read_bytes() == head
    assert peek(found.source, hub=hub(ALICE)).tensors


def test_nobody_else_sees_it_whether_or_not_it_was_fetched_before(hub, shared, commit, tmp_path):
    (found,) = discover(f"hf://{PRIVATE}", hub=hub(ALICE))
    fetched(hub(ALICE), found.source)
    for other, way_out in ((hub(BOB), "sign in with an account"), (shared, "sign in to see")):
        for place in (f"hf://{PRIVATE}", f"hf://{PRIVATE}@{commit}"):
            with pytest.raises(CheckpointError, match=f"is not there, or is private.*{way_out}"):
                discover(place, hub=other)
        for act in (fetched, lambda hub, source: peek(source, hub=hub)):
            with pytest.raises(CheckpointError, match="is not there, or is private"):
                act(other, found.source)
    assert not list((tmp_path / "shared").rglob(FILE))
    assert not list((tmp_path / BOB).rglob(FILE))


def test_who_may_read_no_longer_gets_nothing_of_what_was_fetched(hub, commit, server):
    (found,) = discover(f"hf://{PRIVATE}", hub=hub(ALICE))
    fetched(hub(ALICE), found.source)
    server.repos["model", PRIVATE].token = "hf_of_somebody_else"
    for act in (fetched, lambda hub, source: peek(source, hub=hub)):
        with pytest.raises(CheckpointError, match="is not there, or is private"):
            act(hub(ALICE), found.source)
    with pytest.raises(CheckpointError, match="is not there, or is private"):
        discover(found.source, hub=hub(ALICE))


def test_a_file_is_asked_for_though_its_repository_may_be_seen(hub, commit, server):
    """As of a gated repository: anyone sees its names, and only who accepted its conditions the files."""
    (found,) = discover(f"hf://{PRIVATE}", hub=hub(ALICE))
    path = fetched(hub(ALICE), found.source)
    server.faults["/resolve/"] = status(403, X_Error_Code="GatedRepo")
    with pytest.raises(CheckpointError, match="is gated: accept its conditions"):
        fetched(hub(ALICE), found.source)
    with pytest.raises(CheckpointError, match="is gated"):
        peek(found.source, hub=hub(ALICE))
    assert path.is_file()


def test_a_file_that_is_here_moves_no_byte_and_is_asked_for_once(hub, commit, server, head):
    source = f"hf://{PRIVATE}@{commit}/{FILE}"
    fetched(hub(ALICE), source)
    server.requests.clear()
    server.sent = 0
    mine = hub(ALICE)
    for _ in range(3):
        assert fetched(mine, source).read_bytes() == head
    asked = [f"{method} {path.partition('/revision/')[0]}" for method, path, _ in server.requests]
    assert asked == [f"GET /api/models/{PRIVATE}", f"HEAD /{PRIVATE}/resolve/{commit}/{FILE}"]
    assert server.sent < 1000


def test_while_the_hub_is_away_a_private_file_is_nobodys(hub, commit, server):
    source = f"hf://{PRIVATE}@{commit}/{FILE}"
    fetched(hub(ALICE), source)
    server.faults["/api/"] = status(503)
    for act in (fetched, lambda hub, source: peek(source, hub=hub)):
        with pytest.raises(Away):
            act(hub(ALICE), source)
    with pytest.raises(Away):
        discover(f"hf://{PRIVATE}", hub=hub(ALICE))


def test_what_is_offered_to_everyone_is_read_for_everyone(hub, server, head, tmp_path):
    commit = server.put("someone/heads", {FILE: head})
    source = f"hf://someone/heads@{commit}/{FILE}"
    fetched(hub(ALICE, offered=("someone",)), source)
    assert {token for *_, token in server.requests} == {None}
    server.requests.clear()
    fetched(hub(BOB, offered=("someone/heads",)), source)
    assert not server.requests  # a commit that is here: the machine asks nobody
    assert not (tmp_path / BOB).exists()


def test_where_only_some_may_be_read_a_token_opens_no_others(hub, shared, commit):
    shared.allowed = frozenset({(None, "someone")})
    with pytest.raises(CheckpointError, match="may not be read here, only someone"):
        discover(f"hf://{PRIVATE}", hub=hub(ALICE))


def test_the_token_goes_to_the_hub_alone_and_is_said_nowhere(hub, commit, server, tmp_path):
    mine = hub(ALICE)
    fetched(mine, f"hf://{PRIVATE}@{commit}/{FILE}")
    sent = {(path.startswith("/store/"), token) for _, path, token in server.requests}
    assert sent == {(False, f"Bearer {ALICE}"), (True, None)}
    assert ALICE not in repr(mine.wire) + repr(mine)
    written = [file for file in (tmp_path / ALICE).rglob("*") if file.is_file()]
    assert written and not any(ALICE.encode() in file.read_bytes() for file in written)
    server.faults["/api/"] = status(401, X_Error_Message="Invalid credentials in Authorization")
    with pytest.raises(CheckpointError, match="sign out and in again") as refused:
        discover(f"hf://{PRIVATE}", hub=hub(ALICE))
    assert ALICE not in str(refused.value)
