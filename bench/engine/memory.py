"""The most memory that a comparison needs, in a process of its own: `python -m bench.engine.memory`.

Memory is given back to the system as soon as it is free there (glibc's thresholds), so that what an
earlier run has left over hides nothing.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

MIB = 2**20
AT_ONCE = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def peak_of(side: int, variants: int, threads: int) -> float:
    """MiB above what the process held with the model loaded and warmed up."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.engine.memory", str(side), str(variants), str(threads)],
        env=os.environ | AT_ONCE,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.split()[-1])


def held(what: str) -> float:
    """`VmRSS`, or `VmHWM`: the most since it was last reset; MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(what))


def main() -> None:
    from bench.engine.model import NEW_TOKENS, QUERY, lines, picture, random_base
    from vlmscope import run

    side, variants, threads = (int(word) for word in sys.argv[1:])
    base = random_base(side, threads)
    for seed in range(2):
        gc.collect()
        before = held("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
        run(base, picture(side, seed), QUERY, lines(variants), max_new_tokens=NEW_TOKENS)
    print(held("VmHWM") - before)


if __name__ == "__main__":
    main()
