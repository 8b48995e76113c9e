"""A whole model on the Hub, fetched as checkpoints are: pinned, resumed, checked, room seen first."""

from __future__ import annotations

from collections.abc import Callable

from vlmscope.checkpoints.hub import Hub, HubFile, Pinned
from vlmscope.checkpoints.hub_place import hub_place
from vlmscope.checkpoints.remote import Progress, download
from vlmscope.values.errors import CheckpointError

CONFIG = "config.json"
PARTS = (".safetensors", ".json", ".jinja", ".txt", ".model")
"""What a model is loaded from; no code and no pickle is among it."""


def pinned_model(hub: Hub, name: str, revision: str | None) -> Pinned:
    """The commit of a model, with its configuration in the cache; raises CheckpointError."""
    pinned = hub.pin(hub_place(f"hf://models/{name}" + (f"@{revision}" if revision else "")))
    if (hub.snapshot(pinned) / CONFIG).is_file():
        return pinned
    config = [file for file in hub.files(pinned) if file.path == CONFIG]
    if not config:
        raise CheckpointError(f"{pinned.place} holds no {CONFIG}; give a Qwen3-VL model.")
    download(hub, pinned, config[0])
    return pinned


def fetch_model(
    hub: Hub,
    pinned: Pinned,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> None:
    """Have every file that the model is loaded from in the cache; raises CheckpointError.

    Small files first, so that what is missing is known before gigabytes move.
    """
    for file in sorted(hub.files(pinned), key=_size):
        if "/" not in file.path and file.path.endswith(PARTS):
            download(hub, pinned, file, progress, stop)


def _size(file: HubFile) -> int:
    return file.size
