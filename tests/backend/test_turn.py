"""The device is given to its users in the order they asked."""

from __future__ import annotations

import threading
import time

import pytest

from vlmscope.engine.turn import Turn


def test_one_at_a_time_first_come_first_served():
    turn, order, inside = Turn(), [], []

    def work(name: int) -> None:
        with turn:
            inside.append(name)
            assert len(inside) == 1
            order.append(name)
            time.sleep(0.005)
            inside.pop()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    with turn:
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join(10)
    assert order == list(range(6))


def test_a_fault_gives_the_turn_back():
    turn = Turn()
    with pytest.raises(ZeroDivisionError), turn:
        raise ZeroDivisionError
    done = threading.Event()

    def work() -> None:
        with turn:
            done.set()

    threading.Thread(target=work).start()
    assert done.wait(5)


def test_nobody_waits_twice_while_another_waits_once():
    turn, order = Turn(), []
    ready = threading.Event()

    def greedy() -> None:
        for _ in range(3):
            with turn:
                order.append("greedy")
                ready.set()
                time.sleep(0.03)

    def patient() -> None:
        ready.wait(5)
        with turn:
            order.append("patient")

    threads = [threading.Thread(target=greedy), threading.Thread(target=patient)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert order.index("patient") == 1
