"""An app says where it listens, or is told to have failed with what it said."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from listening import NotReady, address_of


@contextmanager
def started(code: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True
    ) as app:
        try:
            yield app
        finally:
            app.kill()


def test_the_address_is_the_one_that_it_says_and_what_comes_then_is_read_too():
    talkative = "print('loading'); print('vlmscope: ready after 3 s: http://127.0.0.1:7861')\n"
    talkative += "for _ in range(10_000): print('x' * 99)"
    with started(talkative) as app:
        assert address_of(app) == "http://127.0.0.1:7861"
        assert app.wait(60) == 0


def test_an_app_that_ends_is_told_with_its_words():
    with started("print('no such base')") as app, pytest.raises(NotReady) as told:
        address_of(app)
    assert (told.value.how, told.value.said) == ("ended at its start", ["no such base\n"])


def test_an_app_that_is_not_ready_in_time_is_told_too():
    with started("import time; time.sleep(60)") as app, pytest.raises(NotReady, match=r"0\.2 s"):
        address_of(app, 0.2)
