"""A whole model on the Hub, fetched as checkpoints are: pinned, resumed, checked, room seen first."""

from __future__ import annotations

from vlmscope.checkpoints.download import Progress, cached, download
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_pinned import HubFile, Pinned
from vlmscope.checkpoints.hub_place import hub_place
from vlmscope.checkpoints.hub_wait import Stop
from vlmscope.values.errors import CheckpointError

CONFIG = "config.json"
PARTS = (".safetensors", ".json", ".jinja", ".txt", ".model")
"""What a model is loaded from; no code and no pickle is among it."""


def pinned_model(hub: Hub, name: str, revision: str | None) -> Pinned:
    """The commit of a model, with its configuration in the cache; raises CheckpointError.

    What is there of it stays in the cache while this process lives.
    """
    at = f"@{revision.replace('/', '%2F')}" if revision else ""
    pinned = hub.pin(hub_place(f"hf://{name}{at}"), only="model")
    hub.room.keep(pinned)
    if cached(hub, pinned, CONFIG) is not None:
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
    stop: Stop | None = None,
) -> None:
    """Have every file that the model is loaded from in the cache; raises CheckpointError.

    Small files first, so that what is missing is known before gigabytes move.
    """
    pinned, files = hub.listed(pinned, hub.wait(stop))
    for file in sorted(files, key=_size):
        if "/" not in file.path and file.path.endswith(PARTS):
            download(hub, pinned, file, progress, stop)


def _size(file: HubFile) -> int:
    return file.size
