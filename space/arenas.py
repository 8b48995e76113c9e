"""How the C library gives memory to threads: from few pools, so that what was given back is used again."""

import ctypes
import os
import platform
from collections.abc import Mapping

_M_ARENA_MAX = -8
MOST_ARENAS = 2


def share_arenas(environment: Mapping[str, str] = os.environ) -> None:
    """Have the threads of this process share `MOST_ARENAS` pools; to be called before there are others.

    glibc has eight for each core, and a comparison runs in any of dozens of threads: each pool keeps what
    the largest one in it took. `MALLOC_ARENA_MAX` is left as it is set, and other C libraries as they are.
    Source: mallopt(3).
    """
    if "MALLOC_ARENA_MAX" not in environment and platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, MOST_ARENAS)
