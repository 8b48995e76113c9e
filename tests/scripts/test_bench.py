"""The statistics and the report of the measurements."""

import pytest
from bench.grid.figure import Figure, table
from bench.grid.stats import gaps, median, p95, rotated


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
