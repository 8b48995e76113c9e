"""A comparison's events, gathered as they come: the same `Run` as when it is run at once."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import pytest
from tests.support.stop import after

from vlmscope import Evidence, Failed, Gathering, Maps, Run, Started, Stopped, Token, compare, run
from vlmscope.values.metrics import UNTIMED
from vlmscope.values.run_file import encode_result

QUERY = "What colour is the star?"
LINES = ["baseline", "random:keep=50%,seed=3", "arr-coc:nowhere.safetensors", "downsample:keep=30%"]


def told(made: Run | None) -> Any:
    """All that a run says but seconds, which are never the same twice."""
    assert made is not None
    results = [encode_result(result) for result in made.results]
    for result in results:
        for figures in ("metrics", "spreads"):
            result[figures] = {k: v for k, v in result[figures].items() if k in UNTIMED}
    size = (made.image.rows, made.image.cols, made.image.pixels.tobytes())
    return made.base, made.stamp, size, made.query, results, made.options


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"word_maps": True},
        {"mode": "measured", "repeats": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("steps", [None, 0, 4, 9])
def test_what_was_gathered_is_what_run_gives(tiny, square, options, steps: int | None):
    """Whole, stopped before the start and half-way; one variant fails each time but the second."""

    def given() -> dict[str, Any]:
        stop = {} if steps is None else {"stop": after(steps)}
        return {"max_new_tokens": 6, **options, **stop}

    gathering = Gathering()
    for event in compare(tiny, square, QUERY, LINES, **given()):
        gathering.add(event)
    made = run(tiny, square, QUERY, LINES, **given())
    assert told(gathering.to_run()) == told(made)
    statuses = [result.status for result in made.results]
    assert statuses.count("done") == (3 if steps is None else statuses.count("done"))
    assert "stopped" in statuses or steps is None


def test_every_event_that_ends_a_variant_is_its_result(tiny, square):
    gathering = Gathering()
    ends: dict[int, Any] = {}
    for event in compare(tiny, square, QUERY, LINES, max_new_tokens=6, word_maps=True):
        gathering.add(event)
        if not isinstance(event, Started | Maps | Token):
            ends[event.index] = event
    made = gathering.to_run()
    assert made is not None
    assert list(made.results) == [ends[index].result for index in sorted(ends)]
    assert isinstance(ends[2], Failed) and isinstance(ends[0], Evidence)
    assert made.results[0].lost


@pytest.mark.parametrize("steps", [3, 6, 9])
def test_given_up_half_way_it_is_what_stopping_there_would_give(tiny, square, steps: int):
    """Before any variant was said to be stopped: what an app has that took no more events."""
    options: dict[str, Any] = {"max_new_tokens": 64, "word_maps": True, "stop": after(steps)}
    events = list(compare(tiny, square, QUERY, LINES, **options))
    gathering, stopped = Gathering(), Gathering()
    for event in takewhile(lambda event: not isinstance(event, Stopped), events):
        gathering.add(event)
    for event in events:
        if not isinstance(event, Evidence):  # comes when all have ended
            stopped.add(event)
    assert any(isinstance(event, Stopped) for event in events)
    assert told(gathering.to_run()) == told(stopped.to_run())


def test_before_the_start_there_is_no_run_and_right_after_it_every_variant_is_there(tiny, square):
    gathering = Gathering()
    assert gathering.to_run() is None
    events = compare(tiny, square, QUERY, LINES)
    gathering.add(next(events))
    events.close()
    made = gathering.to_run()
    assert made is not None
    assert [str(result.variant) for result in made.results] == LINES
    assert {result.status for result in made.results} == {"stopped"}


def test_a_run_that_was_given_up_is_saved_and_read_again(tiny, square, tmp_path):
    gathering = Gathering()
    events = compare(tiny, square, QUERY, ["baseline", "uniform"], max_new_tokens=64)
    for event in events:
        gathering.add(event)
        if isinstance(event, Token) and event.index == 1:
            break
    events.close()
    made = gathering.to_run()
    assert made is not None
    made.save(tmp_path / "run.json")
    assert told(Run.load(tmp_path / "run.json")) == told(gathering.to_run())
