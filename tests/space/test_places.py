"""Comparisons come first and in order, batches give way and take turns; the line is bounded and told."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from pace import Work
from places import PATIENCE, TURNS, Bounds, Busy, Places, Standing, Ticket

ONE = Work("together")


def patient(times: int) -> Callable[[], bool]:
    """Waits until it was asked so often, then gives up."""
    left = iter([False] * times)
    return lambda: next(left, True)


def never() -> bool:
    return False


class Clock:
    """Goes on by so many seconds whenever it is asked."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Line:
    """People who come and go at `places`."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._here = ExitStack()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._here.close()

    def comes(self, who: str = "", work: Work = ONE) -> tuple[Ticket, Callable[[], None]]:
        """A ticket at the end of the line, and how to go away with it."""
        stack = self._here.enter_context(ExitStack())
        return stack.enter_context(self.places.comparison(who, work)), stack.close


def test_a_batch_leaves_a_place_free_where_there_are_several():
    places = Places(3)
    with ExitStack() as taken:
        assert taken.enter_context(places.case(ONE, never)).has_place
        assert taken.enter_context(places.case(ONE, never)).has_place
        assert not taken.enter_context(places.case(ONE, patient(3))).has_place
        assert taken.enter_context(places.comparison("", ONE)).take()


def test_the_only_place_is_for_whoever_comes_and_is_given_back():
    places = Places(1)
    with places.case(ONE, never) as mine:
        assert mine.has_place
        with places.comparison("", ONE) as theirs:
            assert not theirs.take(patient(3))
    with places.comparison("", ONE) as theirs:
        assert theirs.take()
        with places.case(ONE, patient(3)) as mine:
            assert not mine.has_place


def test_a_place_that_fails_is_given_back():
    places = Places(1)
    with pytest.raises(ValueError), places.case(ONE, never):
        raise ValueError
    with places.case(ONE, patient(1)) as ticket:
        assert ticket.has_place


def test_a_comparison_that_waits_goes_before_a_batch_that_waited_longer():
    places, order = Places(1), []
    asked = {"batch": threading.Event(), "comparison": threading.Event()}

    def wait_for(kind: str) -> None:
        def stop() -> bool:
            asked[kind].set()
            return False

        if kind == "batch":
            with places.case(ONE, stop) as ticket:
                assert ticket.has_place
                order.append(kind)
        else:
            with places.comparison("", ONE) as ticket:
                assert ticket.take(stop)
                order.append(kind)

    threads = [threading.Thread(target=wait_for, args=(kind,)) for kind in asked]
    with places.comparison("", ONE) as first:
        assert first.take()
        for thread, kind in zip(threads, asked, strict=True):
            thread.start()
            assert asked[kind].wait(30)
    for thread in threads:
        thread.join(30)
    assert order == ["comparison", "batch"]


def test_a_batch_has_its_turn_for_one_case_when_enough_comparisons_went_before_it():
    places, order = Places(1), []
    waits = threading.Event()

    def stop() -> bool:
        waits.set()
        return False

    def batch() -> None:
        with places.case(ONE, stop):
            order.append("batch")

    with Line(places) as line:
        first, leave = line.comes()
        assert first.take()
        thread = threading.Thread(target=batch)
        thread.start()
        assert waits.wait(30)
        for number in range(TURNS):
            ticket, gone = line.comes()
            leave()
            assert ticket.take()
            order.append(str(number))
            leave = gone
        last, _ = line.comes()
        leave()
        assert last.take()
        order.append("last")
        thread.join(30)
    assert order == [*map(str, range(TURNS)), "batch", "last"]


def test_batches_take_turns_case_by_case():
    places, order = Places(1), []
    first_has_it, second_waits = threading.Event(), threading.Event()

    def second_stop() -> bool:
        second_waits.set()
        return False

    def first() -> None:
        for turn in range(2):
            with places.case(ONE, never):
                first_has_it.set()
                assert second_waits.wait(30)
                order.append(f"first {turn}")

    def second() -> None:
        assert first_has_it.wait(30)
        with places.case(ONE, second_stop):
            order.append("second")

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert order == ["first 0", "second", "first 1"]


def test_who_comes_first_is_served_first_and_who_leaves_frees_the_place_in_the_line():
    with Line(Places(1)) as line:
        first, end = line.comes()
        assert first.take()
        _, give_up = line.comes()
        third, _ = line.comes()
        assert not third.take(patient(1))
        third, _ = line.comes()
        end()
        assert not third.take(patient(2))  # it is the second's turn
        third, _ = line.comes()
        give_up()
        assert third.take()


def test_one_is_told_of_ones_place_and_of_no_time_before_anything_was_measured():
    with Line(Places(1)) as line:
        first, _ = line.comes()
        assert first.take()
        line.comes()
        third, _ = line.comes()
        assert next(iter(third.waits(never))) == Standing(2, None, 0)


def test_the_time_to_go_is_what_is_left_of_what_runs_and_all_of_what_comes_before():
    clock = Clock()
    places = Places(1, clock=clock)
    with places.comparison("", Work("together", 2)) as measured:
        measured.take()
        clock.now += 8.0  # 4 s for each variant
    with Line(places) as line:
        running, _ = line.comes(work=Work("together", 3))
        assert running.take()
        clock.now += 5.0
        line.comes(work=Work("together", 1))
        mine, _ = line.comes()
        assert places.standing(mine) == Standing(2, (3 * 4 - 5) + 1 * 4, 1)
        clock.now += 100.0  # it takes longer than expected; who comes then takes its time
        assert places.standing(mine) == Standing(2, 4, 1)


def test_a_time_that_rests_on_nothing_of_its_kind_is_not_told():
    clock = Clock()
    places = Places(1, clock=clock)
    with places.comparison("", ONE) as measured:
        measured.take()
        clock.now += 8.0
    with Line(places) as line:
        running, _ = line.comes(work=Work("measured"))
        assert running.take()
        mine, _ = line.comes()
        assert places.standing(mine) == Standing(1, None, 0)


def test_the_case_of_a_batch_whose_turn_comes_is_in_the_time_to_go():
    clock = Clock()
    places = Places(1, clock=clock)
    with places.comparison("", ONE) as measured:
        measured.take()
        clock.now += 2.0
    waits = threading.Event()

    def stop() -> bool:
        waits.set()
        return done.is_set()

    done = threading.Event()
    with Line(places) as line:
        running, _ = line.comes()
        assert running.take()
        thread = threading.Thread(target=lambda: places.case(Work("together", 5), stop).__enter__())
        thread.start()
        assert waits.wait(30)
        for _ in range(TURNS):
            line.comes()
        mine, _ = line.comes()
        assert places.standing(mine).seconds == 2 * (1 + TURNS) + 2 * 5
        done.set()
        thread.join(30)


def test_a_full_line_refuses_in_a_sentence_and_has_room_again_when_one_leaves():
    with Line(Places(1, Bounds(waiting=2))) as line:
        running, _ = line.comes()
        assert running.take()
        line.comes()
        _, leave = line.comes()
        with pytest.raises(Busy, match=r"2 comparisons wait already.*come back in a while"):
            line.comes()
        leave()
        line.comes()


def test_one_person_may_have_so_many_and_others_have_theirs():
    with Line(Places(1, Bounds(each=2))) as line:
        mine, end = line.comes("me")
        assert mine.take()
        line.comes("me")
        with pytest.raises(Busy, match="2 of yours run or wait already, the most for one person"):
            line.comes("me")
        line.comes("you")
        end()
        line.comes("me")


def test_nobody_waits_for_ever():
    clock = Clock(step=1.0)
    with Line(Places(1, Bounds(seconds=2.0), clock)) as line:
        running, _ = line.comes()
        assert running.take()
        mine, leave = line.comes()
        with pytest.raises(Busy, match=f"no free place in {PATIENCE * 2} s, the longest wait"):
            mine.take()
        leave()
        assert mine.waited == pytest.approx(PATIENCE * 2, abs=2)
