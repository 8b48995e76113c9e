"""What is said to who waits in line."""

import pytest

from places import Standing
from standing import about, sentence, sentences


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(1, None, 0), "You are next in line."),
        (Standing(2, None, 0), "You are 2nd in line."),
        (
            Standing(3, 41.3, 12),
            "You are 3rd in line; about 40 s to go, as the last 12 comparisons took.",
        ),
        (
            Standing(1, 2.6, 1),
            "You are next in line; about 3 s to go, as the last comparison took.",
        ),
        (Standing(1, 0, 4), "You are next in line; what runs takes longer than expected."),
    ],
)
def test_a_place_and_what_is_known_of_the_wait(standing, said):
    assert sentence(standing) == said


@pytest.mark.parametrize(
    ("place", "said"), [(4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")]
)
def test_places_are_ordinal_numbers(place, said):
    assert f"You are {said} in line." == sentence(Standing(place, None, 0))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (9.6, "10 s"),
        (12, "10 s"),
        (58, "1 min"),
        (64, "1 min"),
        (97, "1 min 40 s"),
        (1234, "21 min"),
    ],
)
def test_a_long_wait_is_told_less_exactly_than_a_short_one(seconds, said):
    assert about(seconds) == said


def test_a_sentence_is_said_once_and_taken_away_at_the_end():
    standings = Standing(2, None, 0), Standing(2, None, 0), Standing(1, None, 0)
    assert list(sentences(standings)) == [
        "You are 2nd in line.",
        "You are next in line.",
        "",
    ]
    assert list(sentences([])) == []
