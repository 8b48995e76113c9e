"""A download tells its bytes, can be stopped, and goes on from there."""

import threading

import pytest
import torch
from safetensors.torch import save
from tests.support.hub import LoopbackHub, slow, slowly

import fetching as module
from fetching import fetching
from vlmscope import CheckpointError
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_errors import Interrupted

DATA = save({"x": torch.arange(300_000)})
SOURCE = "hf://someone/heads"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.01)
    with LoopbackHub() as server:
        server.put("someone/heads", {"a.safetensors": DATA})
        hub = Hub(endpoint=server.endpoint, cache=tmp_path / "hub", token=False, seconds=5)
        hub.server = server  # type: ignore[attr-defined]
        yield hub


def test_the_bytes_rise_to_all_of_them(hub):
    told = list(fetching(hub, SOURCE, True, lambda: False))
    assert told[-1] == (len(DATA), len(DATA)) and told == sorted(told)
    assert list(fetching(hub, SOURCE, True, lambda: False)) == []  # it is there


def test_it_can_be_stopped_or_closed_and_the_next_goes_on(hub):
    slowly(hub.server)
    have: list[int] = []
    with pytest.raises(Interrupted):
        for told in fetching(hub, SOURCE, True, lambda: bool(have) and have[-1] > 500_000):
            have.append(told[0])
    hub.server.faults.clear()
    hub.server.sent = 0
    assert list(fetching(hub, SOURCE, True, lambda: False))[-1] == (len(DATA), len(DATA))
    assert 0 < hub.server.sent < len(DATA)


def test_who_stops_is_answered_though_the_server_never_does(hub):
    held = threading.Event()
    hub.server.faults["/api/"] = lambda handler: not held.wait(60)
    hub.seconds = 60
    asked = lambda: bool(hub.server.asked("/api/"))  # noqa: E731
    with pytest.raises(Interrupted):
        list(fetching(hub, SOURCE, True, asked))
    assert not held.is_set()
    held.set()


def test_what_goes_wrong_is_raised_at_the_end(hub):
    with pytest.raises(CheckpointError, match="is not there"):
        list(fetching(hub, "hf://someone/none", True, lambda: False))
    hub.server.faults["/store/"] = slow(0.05)
    assert list(fetching(hub, SOURCE, True, lambda: False))
