"""The C library's memory: shared by all threads, and given back to the system once it is free.

Left to itself glibc has eight pools (arenas) for each core, and a comparison runs in any of dozens of
threads: each pool keeps what the largest one in it took, and what lies below something that is used stays.
Other C libraries are left as they are. Source: mallopt(3), malloc_trim(3).
"""

import ctypes
import os
import platform
import threading
import time
from collections.abc import Mapping

_M_ARENA_MAX = -8
MOST_ARENAS = 2
GIVES_BACK_AFTER_SECONDS = 30.0
"""It takes some milliseconds, and so does asking for the memory anew: not after every comparison of many."""

_IS_GLIBC = platform.libc_ver()[0] == "glibc"
_one_at_a_time = threading.Lock()
_last = float("-inf")


def share_arenas(environment: Mapping[str, str] = os.environ) -> None:
    """Have the threads of this process share `MOST_ARENAS` pools; to be called before there are others.

    `MALLOC_ARENA_MAX` is left as it is set.
    """
    if _IS_GLIBC and "MALLOC_ARENA_MAX" not in environment:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, MOST_ARENAS)


def give_back() -> None:
    """Give what is free back to the system, unless that was done a moment ago; safe for many threads."""
    global _last
    if not _IS_GLIBC:
        return
    with _one_at_a_time:
        if time.monotonic() - _last < GIVES_BACK_AFTER_SECONDS:
            return
        _last = time.monotonic()
    ctypes.CDLL(None).malloc_trim(0)
