"""The pools from which threads are given memory."""

import os
import platform
import subprocess
import sys

import pytest

from arenas import MOST_ARENAS
from stamps import ROOT

THREADS = 12
COUNTED = f"""
import ctypes, threading
from arenas import share_arenas
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


def arenas(**environment: str) -> int:
    """How many there are after threads were given memory at the same time."""
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    told = subprocess.run(
        [sys.executable, "-c", COUNTED],
        env=kept | environment | {"PYTHONPATH": str(ROOT / "space")},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="pools are glibc's")
def test_threads_share_few_unless_it_is_set_otherwise():
    assert 1 <= arenas() <= MOST_ARENAS
    assert arenas(MALLOC_ARENA_MAX="5") == 5
