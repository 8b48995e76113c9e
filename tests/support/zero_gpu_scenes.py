"""What the app does on ZeroGPU, scene by scene, in a process of its own: prints what came of each as JSON.

`python -m tests.support.zero_gpu_scenes BASE HEAD FOLDER`
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.support import zero_gpu as rules

QUESTION = "What colour is the star?"


def main() -> None:
    base_folder, head, folder = map(Path, sys.argv[1:])
    pool = rules.begin(folder)
    from tests.support.reference import picture

    import engine
    import zero_gpu
    from vlmscope import InputError, SharedBase

    plain = SharedBase.load(base_folder, device="cpu")
    zero_gpu.place(rules.only_in_a_worker(plain))
    # A machine that does other things at the same time is slow, and no scene is about time.
    zero_gpu.MOST_SECONDS, zero_gpu.LOOK_S = 3600, 300.0
    scenes = Scenes(engine, zero_gpu, pool, rules.only_in_a_worker(plain), picture(192, 160), head)
    told: dict[str, Any] = {}
    for scene in ("answers", "whole", "stopped", "closed", "late", "refused", "unusable", "ended"):
        before = len(pool.asked)
        told[scene] = getattr(scenes, scene)(InputError)
        told[scene]["asked"] = pool.asked[before:]
    print(json.dumps(told))


class Scenes:
    def __init__(
        self, engine: Any, zero_gpu: Any, pool: rules.Pool, base: Any, image: Any, head: Path
    ):
        self.engine, self.zero_gpu, self.pool = engine, zero_gpu, pool
        self.base, self.image, self.head = base, image, head
        self.lines = ["baseline", f"arr-coc:{head},keep=50%", "random:keep=25%,seed=3"]

    def compare(self, lines: list[str] | None = None, **options: Any) -> Any:
        return self.engine.compare(self.base, self.image, QUESTION, lines or self.lines, **options)

    def answers(self, _: Any) -> dict[str, Any]:
        """Answers, maps and a checkpoint that is not there; where and when the tokens came."""
        lines = [*self.lines, "arr-coc:gone.safetensors"]
        told, at = [], []
        for event in self.compare(lines, max_new_tokens=6, word_maps=True):
            told.append(event)
            if event.name == "token":
                at.append(time.monotonic())
        by_place = {event.index: event.result for event in told if hasattr(event, "result")}
        results = [by_place[index] for index in sorted(by_place)]
        return {
            "tokens": [list(each.token_ids) for each in results],
            "assign": [None if r.assign is None else r.assign.tolist() for r in results],
            "statuses": [each.status for each in results],
            "errors": [each.error for each in results],
            "order": [event.name for event in told],
            "streamed": len(set(at)) > 1,
            "kept_in_the_app": len(self.base.memory.features._items),
        }

    def whole(self, _: Any) -> dict[str, Any]:
        """The selection, a look inside, a case of a batch."""
        (chosen,) = self.engine.select(self.base, self.image, QUESTION, [self.lines[1]])
        inside = self.engine.internals(self.base, self.image, QUESTION, self.lines[1])
        made = self.engine.run(self.base, self.image, QUESTION, self.lines, max_new_tokens=2)
        return {
            "assign": chosen.assign.tolist(),
            "kept": inside.kept.tolist(),
            "statuses": [each.status for each in made.results],
        }

    def stopped(self, _: Any) -> dict[str, Any]:
        """A wish to stop that comes while the answers are written in a warm worker."""
        wish = threading.Event()
        told = []
        for event in self.compare(max_new_tokens=2000, stop=wish.is_set):
            told.append(event)
            if event.name == "token":
                wish.set()
        results = [e.result for e in told if hasattr(e, "result")]
        return {
            "statuses": [each.status for each in results],
            "tokens": [len(each.token_ids) for each in results],
        }

    def closed(self, _: Any) -> dict[str, Any]:
        """Who leaves closes the stream; the next task finds the worker free."""
        events = self.compare(max_new_tokens=2000)
        while next(events).name != "token":
            pass
        events.close()
        made = self.engine.run(self.base, self.image, QUESTION, ["baseline"], max_new_tokens=2)
        return {"statuses": [each.status for each in made.results]}

    def late(self, _: Any) -> dict[str, Any]:
        """Stopped before a GPU was asked for."""
        told = list(self.compare(stop=lambda: True))
        return {"order": [event.name for event in told]}

    def refused(self, _: Any) -> dict[str, Any]:
        """The quota of a visitor, of the Space, and a task longer than allowed."""
        from gradio.context import LocalContext

        said = []
        request = SimpleNamespace(headers=_Headers({"x-ip-token": "a.b.c", "x-gradio-user": "app"}))
        for asks, refusal in (
            (request, {"left": 20, "wait": 7200}),
            (None, {"left": 20, "wait": 7200}),
            (request, {"left": 20, "wait": -1}),
        ):
            token = LocalContext.request.set(asks)  # type: ignore[arg-type]
            self.pool.refusal = refusal
            try:
                next(self.compare(max_new_tokens=6))
            except self.zero_gpu.GpuRefused as told:
                said.append(str(told))
            finally:
                LocalContext.request.reset(token)
                self.pool.refusal = None
        return {"said": said}

    def unusable(self, input_error: type[Exception]) -> dict[str, Any]:
        """What cannot be asked is refused before a GPU is."""
        try:
            self.compare(max_new_tokens=0)
        except input_error as told:
            return {"said": str(told)}
        return {"said": ""}

    def ended(self, _: Any) -> dict[str, Any]:
        """The worker is killed while it answers, as ZeroGPU does after the time that was asked for."""
        told = []
        for event in self.compare(max_new_tokens=2000):
            told.append(event)
            if event.name == "token" and len(told) > 12:
                for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
                    for pid in child.read_text().split():
                        os.kill(int(pid), signal.SIGKILL)
        results = [e.result for e in told if hasattr(e, "result")]
        again = self.engine.run(self.base, self.image, QUESTION, ["baseline"], max_new_tokens=2)
        return {
            "statuses": [each.status for each in results],
            "errors": [each.error for each in results],
            "tokens": [len(each.token_ids) for each in results],
            "again": [each.status for each in again.results],
        }


class _Headers(dict):
    """A mapping that is an object with a `__dict__`, as a request's headers are."""


if __name__ == "__main__":
    main()
