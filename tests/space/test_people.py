"""Who is here, and when they are not any more."""

import copy

from people import Visit, Visits, new_browser, person_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_signed_in_user_is_the_same_person_in_every_browser_and_no_browser_is_a_user():
    assert person_of("a", "ada") == person_of("b", "ada")
    assert person_of("a", None) != person_of("b", None)
    assert person_of("ada", None) != person_of("a", "ada")
    assert new_browser() != new_browser()


def test_closing_a_page_stops_what_is_compared_for_it_and_for_no_other_page():
    visits = Visits()
    mine, other = visits.arrive("1", "me"), visits.arrive("2", "me")
    visits.leave("1")
    assert mine.stop.is_set()
    assert not other.stop.is_set()


def test_a_person_has_left_with_their_last_page_and_is_gone_after_a_while():
    clock, left, gone = Clock(), [], []
    visits = Visits(absent_seconds=60, clock=clock)
    visits.when_left(left.append)
    visits.when_gone(gone.append)
    visits.arrive("1", "me")
    visits.arrive("2", "me")
    visits.leave("1")
    assert (left, gone) == ([], [])
    visits.leave("2")
    assert (left, gone) == (["me"], [])
    clock.now = 59
    visits.arrive("3", "other")
    assert gone == []
    clock.now = 60
    visits.arrive("4", "other")
    assert gone == ["me"]


def test_a_person_who_comes_back_in_time_is_not_gone():
    clock, gone = Clock(), []
    visits = Visits(absent_seconds=60, clock=clock)
    visits.when_gone(gone.append)
    visits.arrive("1", "me")
    visits.leave("1")
    clock.now = 30
    visits.arrive("2", "me")
    clock.now = 500
    visits.arrive("3", "other")
    assert gone == []
    assert visits.is_here("me")


def test_leaving_twice_or_without_having_come_is_nothing():
    left = []
    visits = Visits()
    visits.when_left(left.append)
    visits.leave("never")
    visits.arrive("1", "me")
    visits.leave("1")
    visits.leave("1")
    assert left == ["me"]


def test_every_session_has_a_signal_of_its_own():
    first = Visit("")
    second = copy.deepcopy(first)
    first.stop.set()
    assert not second.stop.is_set()
