"""The statistics and the report of the measurements, and how a trace is read."""

import numpy as np
import pytest
from bench.app.stored import Stored, talkative
from bench.engine.model import KEEPS, lines, smaller
from bench.figure import Figure, table
from bench.grid import trace
from bench.stats import gaps, median, p95, rotated

from vlmscope import Finished, Maps, Result, Token, Variant

ASSIGN = np.arange(4, dtype=np.uint16).reshape(2, 2)
EVENTS = [
    *(Maps(index, f"v{index}", (2, 2), ASSIGN, {}, {}) for index in range(2)),
    *(
        Finished(index, f"v{index}", Result(f"v{index}", Variant("baseline"), "done"))
        for index in range(2)
    ),
]
"""A comparison of two variants that say nothing."""


def test_the_middle_and_the_95th_percentile_are_those_of_a_textbook():
    assert median([3, 1, 2, 10]) == 2.5
    assert p95(list(range(101))) == 95
    assert p95([1, 2]) == pytest.approx(1.95)


def test_a_frame_is_the_time_to_the_next():
    assert gaps([1.0, 4.0, 4.5]) == [3.0, 0.5]
    assert gaps([1.0]) == []


def test_none_is_always_the_first():
    assert [rotated(["a", "b", "c"], by)[0] for by in range(4)] == ["a", "b", "c", "a"]


def test_a_figure_keeps_to_its_limit_or_not_or_has_none():
    assert Figure("work", 3.9, "ms", 4.0).met is True
    assert Figure("rate", 29.0, "/s", 30.0, at_least=True).met is False
    assert Figure("a blank page", 16.7, "ms").met is None
    report = table([Figure("work", 4.1, "ms", 4.0), Figure("blank", 16.7, "ms")])
    assert "NOT MET" in report.splitlines()[1]
    assert "MET" not in report.splitlines()[2]


def did(name: str, start: float, wall: float, cpu: float, about: str = "") -> trace.Slice:
    return trace.Slice(name, start, wall, cpu, about)


FRAME = [
    did("RunTask", 0, 2, 1),
    did("RunTask", 10, 8, 7),
    did("FireAnimationFrame", 11, 4, 4),
    did("EventDispatch", 12, 2, 2, "pointermove"),
    did("Layout", 15, 2, 1),
    did("RunTask", 20, 1, 1),
    did("RunTask", 30, 5, 5),
    did("FireAnimationFrame", 31, 1, 1),
    did("FireAnimationFrame", 33, 1, 1),
]


def test_a_frame_has_the_tasks_from_one_animation_callback_to_the_next():
    (frame,) = trace.frames(FRAME)
    assert [task.start for task in frame] == [10, 20]


def test_two_callbacks_in_one_task_begin_one_frame():
    later = [did("RunTask", 50, 5, 5), did("FireAnimationFrame", 51, 1, 1)]
    assert [frame[0].start for frame in trace.frames([*FRAME, *later])] == [10, 30]


def test_time_by_kind_counts_nothing_twice():
    kinds = trace.by_kind(FRAME)
    assert kinds == {"browser": 1 + (7 - 5) + 1 + (5 - 2), "script": 4 + 2, "layout": 1}
    assert sum(kinds.values()) == sum(task.cpu for task in trace.tasks(FRAME))


def test_a_script_within_a_script_is_counted_once():
    assert [one.name for one in trace.script(FRAME[:5])] == ["FireAnimationFrame"]


def test_a_key_has_caused_the_scripts_of_the_tasks_that_its_events_came_in():
    slices = [
        did("RunTask", 0, 9, 9),
        did("EventDispatch", 1, 2, 2, "keydown"),
        did("RunMicrotasks", 4, 3, 3),
        did("RunTask", 10, 9, 9),
        did("FireAnimationFrame", 11, 5, 5),
        did("RunTask", 20, 9, 9),
        did("EventDispatch", 21, 1, 1, "keyup"),
        did("RunTask", 30, 9, 9),
        did("EventDispatch", 31, 4, 4, "keydown"),
    ]
    steps = trace.because_of(slices, ["keydown", "keyup"])
    assert [[one.start for one in step] for step in steps] == [[1, 4, 21], [31]]


def test_only_the_thread_that_was_marked_is_read_and_only_since_then():
    here = {"pid": 1, "tid": 1}
    events = [
        {"name": "RunTask", "ph": "X", "ts": 900, "dur": 5, **here},
        {"name": trace.MARK, "ph": "I", "ts": 1000, **here},
        {"name": "Layout", "ph": "X", "ts": 2000, "dur": 500, "tdur": 400, **here},
        {"name": "RunTask", "ph": "X", "ts": 2000, "dur": 1500, "tdur": 1000, **here},
        {"name": "RunTask", "ph": "X", "ts": 2000, "dur": 9, "pid": 1, "tid": 2},
    ]
    assert trace.main_thread(events) == [
        did("RunTask", 2.0, 1.5, 1.0),
        did("Layout", 2.0, 0.5, 0.4),
    ]


def test_plain_generate_is_given_as_many_tokens_as_a_variant_keeps():
    for side, kept in ((14, (196, 49, 98, 25)), (32, (1024, 256, 512, 128))):
        for keep, wanted in zip(KEEPS, kept, strict=True):
            rows, cols = smaller(side, side, round(side * side * keep))
            assert rows <= side and cols <= side
            assert abs(rows * cols - wanted) <= 0.04 * wanted


def test_budgets_come_in_turn_and_no_two_variants_are_the_same():
    named = lines(8)
    assert [line.split(",")[0] for line in named[:4]] == [
        "baseline",
        "random:keep=0.25",
        "random:keep=0.5",
        "random:keep=0.125",
    ]
    assert named[4] == "baseline" and len(set(named)) == 7


def test_the_first_comparison_is_computed_and_the_next_ones_give_its_events_again():
    calls = []

    def compare(*arguments):
        calls.append(arguments)
        return iter(EVENTS)

    stored = Stored(compare)
    assert [*stored("image", "question")] == EVENTS
    assert [*stored("another", "question")] == EVENTS
    assert calls == [("image", "question")]


def test_answers_that_go_on_have_a_token_of_each_variant_in_every_step():
    kept = [(0.1 * place, event) for place, event in enumerate(EVENTS)]
    made = talkative(kept, seconds=2, steps_per_second=5)
    tokens = [(at, event) for at, event in made if isinstance(event, Token)]
    assert [event.index for _, event in tokens] == [0, 1] * 10
    assert [at for at, _ in tokens[::2]] == [step / 5 for step in range(10)]
    (first, *_, last) = [event for _, event in tokens if event.index == 1]
    assert first.start == 0
    assert last.end == sum(len(event.text) for _, event in tokens[::2])
    assert [at for at, event in made if isinstance(event, Finished)] == [2, 2]
