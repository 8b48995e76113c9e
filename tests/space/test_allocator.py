"""The memory that threads share and give back, each tried in a process of its own."""

import os
import platform
import subprocess
import sys

import pytest

from allocator import MOST_ARENAS
from stamps import ROOT

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc's")

THREADS = 12
COUNTED = f"""
import ctypes, threading
from allocator import share_arenas
share_arenas()
together = threading.Barrier({THREADS})
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def take():
    libc.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range({THREADS})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""
GIVEN_BACK = """
import psutil
from allocator import give_back
held = lambda: psutil.Process().memory_info().rss
taken = [bytes(60_000) for _ in range(5000)]
del taken[:-1]  # below one that is used
before = held()
give_back()
print(before - held())
"""


def said(program: str, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    return subprocess.run(
        [sys.executable, "-c", program],
        env=kept | environment | {"PYTHONPATH": str(ROOT / "space")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_threads_share_few_pools_unless_it_is_set_otherwise():
    assert 1 <= said(COUNTED).count("<heap nr=") <= MOST_ARENAS
    assert said(COUNTED, MALLOC_ARENA_MAX="5").count("<heap nr=") == 5


def test_what_is_free_is_given_back():
    assert int(said(GIVEN_BACK)) > 200e6
