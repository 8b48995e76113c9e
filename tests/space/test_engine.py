"""Every call of the engine: checkpoints are fetched and checked first, and what runs is the engine's own."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import engine
import vlmscope
from vlmscope import Failed, InputError, Maps, Started, Stopped, Token, Variant
from vlmscope.checkpoints.hub_errors import Interrupted
from vlmscope.engine import base as base_module
from vlmscope.engine.ready import ready
from vlmscope.values.errors import CheckpointError

from .conftest import QUESTION

REMOTE = "hf://someone/head"


@pytest.fixture
def a_hub(monkeypatch, head):
    """A Hub that holds the head: the sources that were asked for, and those that are held now."""
    asked: list[str] = []
    held: list[str] = []

    @contextmanager
    def held_source(source, pickles=True, hub=None, progress=None, stop=None):
        if not source.startswith("hf://"):
            yield source
            return
        asked.append(source)
        if "gone" in source:
            raise CheckpointError(f"{source} is not there; check its name.")
        held.append(source)
        try:
            yield str(head)
        finally:
            held.remove(source)

    monkeypatch.setattr(base_module, "held_source", held_source)
    return asked, held


def test_a_comparison_is_the_engines_own(base, image, variants):
    told = list(engine.compare(base, image, QUESTION, variants, max_new_tokens=4))
    same = list(vlmscope.compare(base, image, QUESTION, variants, max_new_tokens=4))
    assert [(type(each), getattr(each, "id", None)) for each in told] == [
        (type(each), getattr(each, "id", None)) for each in same
    ]
    tokens = [[e.token_id for e in events if isinstance(e, Token)] for events in (told, same)]
    assert tokens[0] == tokens[1] and tokens[0]


def test_what_cannot_be_used_is_refused_before_anything_runs(base, image):
    with pytest.raises(InputError):
        engine.compare(base, image, "", ["baseline"])


def test_a_checkpoint_of_the_hub_is_asked_for_once_and_held_while_it_is_compared(
    base, image, a_hub
):
    asked, held = a_hub
    lines = [f"arr-coc:{REMOTE},keep={keep}" for keep in ("25%", "50%")]
    held_at_tokens = []
    for event in engine.compare(base, image, QUESTION, lines, max_new_tokens=2):
        assert not isinstance(event, Failed)
        if isinstance(event, Token):
            held_at_tokens.append(list(held))
    assert asked == [REMOTE]
    assert held_at_tokens and all(each == [REMOTE] for each in held_at_tokens)
    assert held == []


def test_the_page_hears_that_it_begins_before_the_hub_is_asked(base, image, a_hub):
    asked, held = a_hub
    events = engine.compare(base, image, QUESTION, [f"arr-coc:{REMOTE}"], max_new_tokens=2)
    assert isinstance(next(events), Started)
    assert not asked
    events.close()
    assert not held


def test_a_checkpoint_that_cannot_be_had_fails_its_own_variant_alone(base, image, a_hub):
    lines = ["baseline", "arr-coc:hf://someone/gone", f"arr-coc:{REMOTE}"]
    made = engine.run(base, image, QUESTION, lines, max_new_tokens=2)
    assert [each.status for each in made.results] == ["done", "failed", "done"]
    assert "is not there; check its name." in (made.results[1].error or "")
    # The variants are named as they were asked for, not by a file of this machine.
    assert [each.variant.source for each in made.results] == [None, "hf://someone/gone", REMOTE]


def test_a_head_for_another_base_is_refused_before_the_device_is_asked(base, tmp_path):
    from tests.support.heads import save_head

    other = save_head(tmp_path / "wide.safetensors", base.hidden_size * 2)
    with ready(base, [Variant.parse(f"arr-coc:{other}")]) as found:
        refused = found[str(other)]
    assert isinstance(refused, CheckpointError) and str(base.hidden_size) in str(refused)


def test_stopped_while_a_checkpoint_is_fetched_no_other_is_and_nothing_runs(
    base, image, monkeypatch
):
    wish = threading.Event()
    asked = []

    @contextmanager
    def stopped(source, *args, **kwargs):
        asked.append(source)
        wish.set()
        raise Interrupted("The download was stopped.")
        yield

    monkeypatch.setattr(base_module, "held_source", stopped)
    lines = ["baseline", f"arr-coc:{REMOTE}", "arr-coc:hf://someone/other"]
    told = list(engine.compare(base, image, QUESTION, lines, stop=wish.is_set))
    assert isinstance(told[0], Started)
    assert [type(each) for each in told[1:]] == [Stopped] * 3
    assert asked == [REMOTE]


def test_the_selection_and_a_look_inside_come_through_the_same_door(base, image, head, a_hub):
    asked, held = a_hub
    (chosen,) = engine.select(base, image, QUESTION, [f"arr-coc:{REMOTE},keep=50%"])
    (same,) = vlmscope.select(base, image, QUESTION, [f"arr-coc:{head},keep=50%"])
    assert isinstance(chosen, Maps) and isinstance(same, Maps)
    assert chosen.assign.tolist() == same.assign.tolist()
    inside = engine.internals(base, image, QUESTION, f"arr-coc:{REMOTE},keep=50%")
    assert inside.kept.sum() == (same.assign.ravel() == range(same.assign.size)).sum()
    assert asked == [REMOTE, REMOTE] and not held


def test_the_app_calls_the_engine_in_this_way_alone():
    """Of the engine's calls `space/` imports none but here."""
    calls = ("compare", "select", "internals", "run", "run_cases")
    space = Path(engine.__file__).parent
    for file in space.rglob("*.py"):
        if file.name in ("engine.py", "zero_gpu.py"):
            continue
        for line in file.read_text().splitlines():
            _, is_import, names = line.partition(" import ")
            if is_import and line.startswith("from vlmscope"):
                assert not set(calls) & set(names.replace(",", " ").split()), (file, line)
