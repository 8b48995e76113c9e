"""How long comparisons take is the mean of the latest, and the wait follows from it."""

import pytest

from pace import LATEST, Pace, Work, wait


def test_nothing_is_expected_of_what_was_never_measured():
    pace = Pace()
    pace.add(Work("together", 2), 3.0)
    assert pace.expected(Work("measured")) is None
    assert pace.count("measured") == 0


def test_a_comparison_takes_as_long_for_each_variant_as_those_before():
    pace = Pace()
    pace.add(Work("together", 2), 3.0)
    pace.add(Work("together", 4), 3.0)
    assert pace.expected(Work("together", 3)) == pytest.approx(3 * (3.0 + 3.0) / (2 + 4))


def test_only_the_latest_count():
    pace = Pace()
    pace.add(Work("together"), 1000.0)
    for _ in range(LATEST):
        pace.add(Work("together"), 2.0)
    assert pace.expected(Work("together")) == pytest.approx(2.0)
    assert pace.count("together") == LATEST


def test_none_takes_longer_than_it_may():
    pace = Pace(most=5.0)
    pace.add(Work("together"), 4.0)
    assert pace.expected(Work("together", 3)) == 5.0


@pytest.mark.parametrize(
    ("left", "ahead", "expected"),
    [
        ([4.0], [], 4.0),
        ([4.0], [2.0, 3.0], 4 + 2 + 3),
        ([4.0, 1.0], [], 1.0),
        # The first takes the place that is free after 1 s until 3 s, the second that one until 9 s.
        ([4.0, 1.0], [2.0, 6.0], 4.0),
        ([0.0, 0.0], [5.0], 0.0),
    ],
)
def test_whoever_is_first_takes_the_first_free_place(left, ahead, expected):
    assert wait(left, ahead) == pytest.approx(expected)
