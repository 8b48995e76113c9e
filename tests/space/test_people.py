"""Who is here, and when they are not any more."""

import copy
import threading
from queue import Queue

from people import LONGEST_NAME, Visit, Visits, is_browser, new_browser, person_of


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


def test_a_person_is_gone_after_a_while_also_when_nobody_else_comes_or_goes():
    gone: Queue[str] = Queue()
    visits = Visits(absent_seconds=0.2)
    visits.when_gone(gone.put)
    for name in ("me", "other"):
        visits.arrive(name, name)
        visits.leave(name)
    assert [gone.get(timeout=30), gone.get(timeout=30)] == ["me", "other"]
    visits.arrive("3", "third")
    visits.leave("3")
    assert gone.get(timeout=30) == "third"


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


def test_a_page_that_becomes_another_persons_was_closed_by_who_had_it():
    """Or what they kept would stay for good: a client may come as often as it likes, each time as another."""
    clock, left, gone = Clock(), [], []
    visits = Visits(absent_seconds=60, clock=clock)
    visits.when_left(left.append)
    visits.when_gone(gone.append)
    before = visits.arrive("1", "a browser")
    now = visits.arrive("1", "a user")
    assert before.stop.is_set() and not now.stop.is_set()
    assert left == ["a browser"]
    clock.now = 60
    assert visits.arrive("1", "a user") is now
    assert gone == ["a browser"]


def test_leaving_twice_or_without_having_come_is_nothing():
    left = []
    visits = Visits()
    visits.when_left(left.append)
    visits.leave("never")
    visits.arrive("1", "me")
    visits.leave("1")
    visits.leave("1")
    assert left == ["me"]


def test_what_cannot_be_tidied_up_hinders_neither_others_nor_who_comes(caplog):
    clock, told = Clock(), []
    visits = Visits(absent_seconds=60, clock=clock)

    def fails(person: str) -> None:
        raise OSError("the folder is gone")

    for listeners in (visits.when_left, visits.when_gone):
        listeners(fails)
        listeners(told.append)
    visits.arrive("1", "me")
    visits.leave("1")
    clock.now = 60
    assert visits.arrive("2", "other").person == "other"
    assert told == ["me", "me"]
    assert "the folder is gone" in caplog.text


def test_pages_that_never_say_that_they_leave_do_not_stay_for_good():
    left = []
    visits = Visits(most_open=3)
    visits.when_left(left.append)
    first = visits.arrive("0", "0")
    for number in range(1, 1000):
        visits.arrive(str(number), str(number))
    assert first.stop.is_set()
    assert left == [str(number) for number in range(997)]
    assert [visits.is_here(str(number)) for number in range(996, 1000)] == [False, True, True, True]


def test_many_pages_come_and_go_at_once_and_nobody_is_forgotten():
    left = []
    visits = Visits()
    visits.when_left(left.append)

    def comes_and_goes(person: int) -> None:
        for page in range(50):
            visits.arrive(f"{person} {page}", str(person))
        for page in range(50):
            visits.leave(f"{person} {page}")

    threads = [threading.Thread(target=comes_and_goes, args=[n]) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(left) == sorted(map(str, range(16)))
    assert not any(visits.is_here(str(n)) for n in range(16))


def test_only_a_short_text_is_the_name_of_a_browser():
    assert is_browser(new_browser())
    for forged in ("", None, 7, ["x"], {"a": 1}, "x" * (LONGEST_NAME + 1)):
        assert not is_browser(forged)


def test_every_session_has_a_signal_of_its_own():
    first = Visit("")
    second = copy.deepcopy(first)
    first.stop.set()
    assert not second.stop.is_set()
