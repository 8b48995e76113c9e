"""ZeroGPU's rules where there is no GPU: the real package `spaces`; stand-ins for its server and its card.

For a process of its own, whose torch and gradio it changes. What is the package's own: a process that is
forked for the decorated function, arguments and values that are pickled, the wish to stop when the stream is
closed, and what it raises. The card is the CPU; `only_in_a_worker` refuses its work in the app's process.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

CGROUP = "0::/kubepods/besteffort/pod1/stand-in\n"
GPU = {"idle": True, "nvidiaIndex": 0, "nvidiaUUID": "GPU-stand-in", "allowToken": "token"}


@dataclass
class Pool:
    """The server that lends GPUs: `asked` are the seconds of each task, `refusal` what it says instead."""

    url: str = ""
    asked: list[int] = field(default_factory=list)
    refusal: dict[str, Any] | None = None


def begin(folder: Path) -> Pool:
    """Be on ZeroGPU from now on; before `spaces`, and whatever imports it, is imported."""
    pool = Pool()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pool))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pool.url = f"http://127.0.0.1:{server.server_port}"
    (folder / "cgroup").write_text(CGROUP)
    os.environ |= {
        "SPACES_ZERO_GPU": "true",
        "SPACES_ZERO_DEVICE_API_URL": pool.url,
        "ZEROGPU_PROC_SELF_CGROUP_PATH": str(folder / "cgroup"),
        "ZEROGPU_OFFLOAD_DIR": str(folder / "tensors"),
    }
    sys.modules["spaces.zero.torch"] = _card()
    return pool


def _card() -> ModuleType:
    """What the package does to torch and to a card, for one that is the CPU: nothing."""
    card = ModuleType("spaces.zero.torch")
    for name in ("patch", "unpatch", "init", "move", "enter_mode"):
        setattr(card, name, lambda *args, **options: None)
    for name in ("pack", "size"):
        setattr(card, name, lambda: 0)
    card.is_in_bad_fork = lambda: False  # type: ignore[attr-defined]
    return card


def only_in_a_worker(base: Any) -> Any:
    """The base, whose turn on the device can be had in no process but a forked one."""
    from dataclasses import replace

    from vlmscope.engine.turn import Turn

    app = os.getpid()

    class Guarded(Turn):
        def __enter__(self) -> None:
            if os.getpid() == app:
                raise RuntimeError("the device was touched outside of the function on the GPU")
            super().__enter__()

    return replace(base, turn=Guarded())


def _handler(pool: Pool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            address = urlsplit(self.path)
            if address.path != "/schedule":
                return self._answer(200, {})
            pool.asked.append(int(parse_qs(address.query)["durationSeconds"][0]))
            if pool.refusal is not None:
                return self._answer(429, pool.refusal)
            self._answer(200, GPU)

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
