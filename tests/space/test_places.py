"""Comparisons come first, batches give way and take turns."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

from places import Places


def patient(times: int) -> Callable[[], bool]:
    """Waits until it was asked so often, then gives up."""
    left = iter([False] * times)
    return lambda: next(left, True)


def never() -> bool:
    return False


def test_a_batch_leaves_a_place_free_where_there_are_several():
    places = Places(3)
    with ExitStack() as taken:
        assert taken.enter_context(places.case(never))
        assert taken.enter_context(places.case(never))
        assert not taken.enter_context(places.case(patient(3)))
        assert taken.enter_context(places.comparison(never))


def test_the_only_place_is_for_whoever_comes_and_is_given_back():
    places = Places(1)
    with places.case(never) as mine:
        assert mine
        with places.comparison(patient(3)) as theirs:
            assert not theirs
    with places.comparison(never) as theirs:
        assert theirs
        with places.case(patient(3)) as mine:
            assert not mine


def test_a_place_that_fails_is_given_back():
    places = Places(1)
    try:
        with places.case(never):
            raise ValueError
    except ValueError:
        pass
    with places.case(patient(1)) as has_place:
        assert has_place


def test_a_comparison_that_waits_goes_before_a_batch_that_waited_longer():
    places, order = Places(1), []
    asked = {"batch": threading.Event(), "comparison": threading.Event()}

    def wait_for(kind: str) -> None:
        def stop() -> bool:
            asked[kind].set()
            return False

        place = places.case if kind == "batch" else places.comparison
        with place(stop) as has_place:
            assert has_place
            order.append(kind)

    threads = [threading.Thread(target=wait_for, args=(kind,)) for kind in asked]
    with places.comparison(never):
        for thread, kind in zip(threads, asked, strict=True):
            thread.start()
            assert asked[kind].wait(30)
    for thread in threads:
        thread.join(30)
    assert order == ["comparison", "batch"]


def test_batches_take_turns_case_by_case():
    places, order = Places(1), []
    first_has_it, second_waits = threading.Event(), threading.Event()

    def second_stop() -> bool:
        second_waits.set()
        return False

    def first() -> None:
        for turn in range(2):
            with places.case(never):
                first_has_it.set()
                assert second_waits.wait(30)
                order.append(f"first {turn}")

    def second() -> None:
        assert first_has_it.wait(30)
        with places.case(second_stop):
            order.append("second")

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert order == ["first 0", "second", "first 1"]
