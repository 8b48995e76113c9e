import copy
import itertools

import pytest

from comparing import UPDATES_PER_SECOND, StopSignal, watch
from convert import Context
from vlmscope import Started, Token, compare

from .conftest import QUESTION


@pytest.fixture
def events(base, image, variants):
    def start(**options):
        return compare(base, image, QUESTION, variants, **({"max_new_tokens": 12} | options))

    return start


class Clock:
    """A clock that goes on by `step` seconds each time it is read."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def test_words_that_come_faster_than_the_eye_are_shown_together(events):
    tokens = sum(isinstance(event, Token) for event in events())
    slow = list(watch(events(), Context(), Clock(1)))
    fast = list(watch(events(), Context(), Clock(0.1 / UPDATES_PER_SECOND)))
    assert tokens > 20
    assert len(slow) - len(fast) > tokens * 0.7
    assert [c.answer for c in fast[-1].cells] == [c.answer for c in slow[-1].cells]


def test_of_a_long_answer_the_words_come_less_often_the_longer_it_lasts(events):
    tokens = [event for event in events() if isinstance(event, Token)]
    started = next(event for event in events() if isinstance(event, Started))
    # A token each second, for an hour: longer than any answer.
    many = (event for event in [started, *itertools.islice(itertools.cycle(tokens), 3600)])
    clock = Clock(1)
    shown_at = [clock.now for _ in watch(many, Context(), clock)]
    waits = [after - before for before, after in itertools.pairwise(shown_at)]
    assert max(waits[:60]) <= 2
    assert min(waits[-20:-1]) > 5


def test_a_change_of_status_is_shown_at_once(events):
    seen = [[c.status for c in value.cells] for value in watch(events(), Context(), Clock(0))]
    assert ["waiting"] * 4 in seen
    assert ["running", "waiting", "waiting", "waiting"] in seen
    assert seen[-1] == ["done", "done", "done", "failed"]


def test_leaving_closes_the_engines_events(events):
    closed = []

    def watched():
        try:
            yield from events()
        finally:
            closed.append(True)

    values = watch(watched(), Context(), Clock(1))
    next(values)
    assert not closed
    values.close()
    assert closed == [True]


def test_a_stop_ends_the_run_and_says_so_in_every_cell_that_had_not_ended(events):
    stop = StopSignal()
    values = watch(events(stop=stop.is_set, max_new_tokens=1000), Context(), Clock(1))
    for value in values:
        if value.cells[3].status == "failed" and len(value.cells[1].answer) > 40:
            stop.set()
            break
    value = [*values][-1]
    assert [cell.status for cell in value.cells] == ["stopped", "stopped", "stopped", "failed"]
    assert value.cells[1].answer


def test_a_copied_signal_is_another_persons():
    mine = StopSignal()
    theirs = copy.deepcopy(mine)
    mine.set()
    assert mine.is_set()
    assert not theirs.is_set()


def test_a_wish_to_stop_is_forgotten_when_the_next_comparison_begins_and_not_before():
    stop = StopSignal()
    assert stop.begin()
    stop.set()
    assert not stop.begin()
    assert stop.is_set()
    stop.end()
    assert stop.begin()
    assert not stop.is_set()
