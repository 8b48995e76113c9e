"""A download tells its bytes, can be stopped, and goes on from there."""

import pytest
import torch
from safetensors.torch import save
from tests.support.hub import LoopbackHub, slow

import fetching as module
from fetching import fetching
from vlmscope import CheckpointError
from vlmscope.checkpoints import remote
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_errors import Interrupted

DATA = save({"x": torch.arange(300_000)})
SOURCE = "hf://someone/heads"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "CHUNK", 100_000)
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
    count = iter(range(100))
    with pytest.raises(Interrupted):
        list(fetching(hub, SOURCE, True, lambda: next(count) >= 5))
    hub.server.sent = 0
    assert list(fetching(hub, SOURCE, True, lambda: False))[-1] == (len(DATA), len(DATA))
    assert 0 < hub.server.sent < len(DATA)


def test_what_goes_wrong_is_raised_at_the_end(hub):
    with pytest.raises(CheckpointError, match="is not there"):
        list(fetching(hub, "hf://someone/none", True, lambda: False))
    hub.server.faults["/store/"] = slow(0.05)
    assert list(fetching(hub, SOURCE, True, lambda: False))
