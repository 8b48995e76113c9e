"""The app as strangers share it, in a process of its own, watched from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from scripts.listening import address_of

APP = Path(__file__).parents[2] / "space" / "app.py"
MIB = 2**20
SETTINGS = {
    **{"HOST": "0.0.0.0", "PORT": "17800", "THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    # As a Space's own proxies would, each client says from which address it comes.
    "FORWARDED_ALLOW_IPS": "127.0.0.1",
}


@dataclass
class Server:
    """`memory` has the MiB that the process held, by the seconds since its first reading."""

    address: str
    process: psutil.Process
    memory: list[tuple[float, float]] = field(default_factory=list)

    def held(self) -> float:
        return self.process.memory_info().rss / MIB

    def watch(self, over: threading.Event) -> None:
        """Note the memory every second until it is over."""
        begun = time.monotonic()
        while not over.wait(1):
            self.memory.append((time.monotonic() - begun, self.held()))

    def memory_at(self, second: float) -> float:
        """The median of the readings around a moment, which a collection of garbage does not move."""
        near = sorted(held for at, held in self.memory if abs(at - second) <= 5)
        return near[len(near) // 2] if near else self.memory[-1][1]


@contextmanager
def served(**settings: str) -> Iterator[Server]:
    """The app, for as long as the context lasts; raises NotReady with what it said where it fails."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [sys.executable, str(APP)],
            env={
                **{k: v for k, v in os.environ.items() if k not in ("BASE", "CHECKPOINTS", "HUB")},
                **{"XDG_DATA_HOME": folder, "GRADIO_TEMP_DIR": f"{folder}/gradio"},
                **SETTINGS,
                **settings,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            port = urlsplit(address_of(process)).port
            yield Server(f"http://127.0.0.1:{port}/", psutil.Process(process.pid))
        finally:
            # Its own group alone: this one started it.
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(20)
