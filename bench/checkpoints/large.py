"""One file of 500 MB: what a peek moves and how long it takes, on disk and over HTTP ranges on loopback."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from tests.support.hub import LoopbackHub

from bench.figure import Figure
from bench.stats import median
from vlmscope.checkpoints.blob import LocalBlob
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_pinned import HubFile
from vlmscope.checkpoints.neighbours import Neighbours
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.recorded import record_of
from vlmscope.checkpoints.remote import RemoteBlob

TENSORS, NUMBERS = 600, 208_000
MOST_MB = 0.25
REPEATS = 5


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, LoopbackHub() as server:
        tensors = {f"model.layers.{i}.weight": torch.zeros(NUMBERS) for i in range(TENSORS)}
        paths = {"safetensors": Path(folder, "a.safetensors"), "pt": Path(folder, "a.pt")}
        save_file(tensors, paths["safetensors"])
        torch.save(tensors, paths["pt"])
        del tensors
        figures: list[Figure] = []
        for kind, path in paths.items():
            figures += _of(kind, path, server)
        return figures


def _of(kind: str, path: Path, server: LoopbackHub) -> list[Figure]:
    server.put(f"someone/{kind}", {path.name: path.read_bytes()})
    hub = Hub(endpoint=server.endpoint, cache=path.parent / "hub", token=False)
    pinned = hub.pin(f"hf://someone/{kind}")
    (file,) = hub.files(pinned)
    opened: dict[str, Callable[[], LocalBlob | RemoteBlob]] = {
        "on disk": lambda: LocalBlob(path),
        "over HTTP": lambda: RemoteBlob(hub, pinned, file),
    }
    seconds: dict[str, list[float]] = {place: [] for place in (*opened, "whole")}
    moved: dict[str, int] = {}
    for _ in range(REPEATS):
        for place, open_blob in opened.items():
            took, moved[place] = _peeked(open_blob(), file)
            seconds[place].append(took)
        seconds["whole"].append(_loaded(kind, path))
    size = path.stat().st_size / 1e6
    figures = []
    for place in opened:
        figures += [
            Figure(
                f"{kind} {place}: MB moved",
                moved[place] / 1e6,
                "MB",
                MOST_MB,
                note=f"of {size:.0f} MB",
            ),
            Figure(
                f"{kind} {place}: times faster than loading it",
                median(seconds["whole"]) / median(seconds[place]),
                runs=seconds[place],
                note=f"{median(seconds['whole']) * 1e3:.0f} / {median(seconds[place]) * 1e3:.0f} ms",
            ),
        ]
    return figures


def _peeked(blob: LocalBlob | RemoteBlob, file: HubFile) -> tuple[float, int]:
    start = time.perf_counter()
    with PickleReader() as reader:
        beside = Neighbours(lambda _: None)
        record = record_of(Checkpoint(file.name, ""), Path(file.path), blob, reader, beside)  # type: ignore[arg-type]
    took = time.perf_counter() - start
    assert len(record.tensors or ()) == TENSORS
    return took, blob.moved


def _loaded(kind: str, path: Path) -> float:
    """Seconds of reading the whole file the plain way."""
    from safetensors.torch import load_file

    start = time.perf_counter()
    loaded = load_file(path) if kind == "safetensors" else torch.load(path, weights_only=True)
    assert len(loaded) == TENSORS
    return time.perf_counter() - start
