"""Finding and loading a Qwen3-VL base: the shipped one, a folder, or a model on the Hub."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoTokenizer,
    Qwen3VLForConditionalGeneration,
)
from transformers.utils.hub import cached_file

from vlmscope.checkpoints.download import Progress
from vlmscope.checkpoints.hub_model import fetch_model, pinned_model
from vlmscope.checkpoints.hub_pinned import Pinned
from vlmscope.checkpoints.sources import default_hub
from vlmscope.engine.room import GIB, free_bytes
from vlmscope.values.errors import BaseError, CheckpointError

log = logging.getLogger(__name__)

MODEL_TYPE = "qwen3_vl"
SHIPPED = "shipped"
LARGE = 50 * 2**20
LOCAL = {"local_files_only": True, "trust_remote_code": False}
"""What is loaded is here already, and none of it is code."""


@dataclass(frozen=True)
class Source:
    """Where a base is read from: `location` for transformers, `name` for people."""

    name: str
    location: str
    revision: str | None
    config: Any
    pinned: Pinned | None = None
    """Where on the Hub it lies, if it does."""

    @property
    def hidden_size(self) -> int:
        return int(self.config.get_text_config().hidden_size)


@dataclass(frozen=True, eq=False)
class Parts:
    model: Qwen3VLForConditionalGeneration
    tokenizer: Any
    image_processor: Any


def shipped_folder() -> Path:
    """Where the base that ships with the package lies."""
    return Path(str(files("vlmscope") / "assets" / "base"))


def find_base(
    name_or_folder: str | os.PathLike[str] | None = None, revision: str | None = None
) -> Source:
    """The base's configuration and exact revision, without its weights; raises BaseError."""
    is_folder = name_or_folder is None or os.path.isdir(os.path.expanduser(name_or_folder))
    if revision is not None and is_folder:
        raise BaseError(
            f"A folder has no revision {revision!r}; leave it out, or name a model id of the Hub."
        )
    if name_or_folder is None:
        folder = shipped_folder()
        if not (folder / "config.json").is_file():
            raise BaseError(
                "This installation holds no base model of its own; "
                "name a folder or a model id such as Qwen/Qwen3-VL-2B-Instruct."
            )
        return Source(SHIPPED, str(folder), _digest(folder), _config(SHIPPED, str(folder), None))
    name = os.fspath(name_or_folder)
    path = Path(name).expanduser()
    if os.path.isdir(path):
        if not (path / "config.json").is_file():
            raise BaseError(f"The folder {name!r} holds no config.json; give a model folder.")
        return Source(name, str(path), _digest(path), _config(name, str(path), None))
    if os.path.exists(path) or path.is_absolute() or name.startswith(".") or name.count("/") != 1:
        raise BaseError(f"There is no base folder {name!r}; give a folder or a model id.")
    pinned = _pin(name, revision)
    return Source(name, name, pinned.commit, _config(name, name, pinned.commit), pinned)


def load_parts(
    source: Source, device: torch.device, dtype: torch.dtype, room: int | None = None
) -> Parts:
    """Model, tokenizer and image processor, with neither torchvision nor remote code.

    Weights that take more than seven eighths of `room` bytes are placed by accelerate: the device
    gets so much, the machine's memory and the disk the rest.
    """
    placed = _placed(source, device, dtype, room)
    pinned: dict[str, Any] = LOCAL
    if source.pinned is not None:
        pinned = {"revision": source.revision, **LOCAL}
        try:
            fetch_model(default_hub(), source.pinned, _tell(source.name))
        except CheckpointError as error:
            raise BaseError(f"The base cannot be had: {error}") from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.location, **pinned)
        image_processor = AutoImageProcessor.from_pretrained(
            source.location, backend="pil", **pinned
        )
        loaded: Any = Qwen3VLForConditionalGeneration.from_pretrained(
            source.location, dtype=dtype, output_loading_info=True, **placed, **pinned
        )
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _too_large(source, "this machine") from error
    except Exception as error:  # transformers raises many kinds for an unfit folder
        raise BaseError(
            f"The base {source.name!r} cannot be loaded ({_first_line(error)}); "
            "give a complete Qwen3-VL folder."
        ) from error
    model, report = loaded
    missing = sorted(report["missing_keys"]) + [str(m[0]) for m in report["mismatched_keys"]]
    if missing:
        raise BaseError(
            f"The base {source.name!r} lacks {len(missing)} of its weights, first {missing[0]}; "
            "give a complete Qwen3-VL folder."
        )
    if tokenizer.chat_template is None:
        tokenizer.chat_template = _chat_template(source, pinned)
    at_home = model.eval() if placed else _on_device(model, device, source)
    return Parts(at_home, tokenizer, image_processor)


def unloaded(source: Source) -> Any:
    """The model without its weights: names and shapes alone, in no memory."""
    with torch.device("meta"):
        return Qwen3VLForConditionalGeneration(source.config)


def _tell(name: str) -> Progress:
    """Says on stderr, at every tenth, how much of a large file is here."""
    last = [-1]

    def tell(have: int, whole: int) -> None:
        tenth = have * 10 // max(1, whole)
        if whole >= LARGE and tenth != last[0]:
            last[0] = tenth
            print(f"{name}: {have / GIB:.2f} of {whole / GIB:.2f} GiB are here", file=sys.stderr)

    return tell


def _placed(
    source: Source, device: torch.device, dtype: torch.dtype, room: int | None
) -> dict[str, Any]:
    """How transformers is told to place weights for which the device has no room; else nothing."""
    if room is None:
        return {}
    model = unloaded(source)
    weights = sum(parameter.numel() for parameter in model.parameters()) * dtype.itemsize
    share = room - room // 8  # the rest is for the work
    if weights <= share:
        return {}
    log.warning(
        "%s takes %.1f GiB and %s has %.1f for it: the rest is offloaded, which is slow.",
        source.name, weights / GIB, device, share / GIB,
    )  # fmt: skip
    place: int | str = "cpu"
    if device.type == "cuda":
        place = torch.cuda.current_device() if device.index is None else device.index
    return {"device_map": "auto", "max_memory": {"cpu": free_bytes() or 0, place: share}}


def _on_device(model: Any, device: torch.device, source: Source) -> Any:
    try:
        return model.to(device).eval()
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _too_large(source, str(device)) from error
    except RuntimeError as error:
        raise BaseError(
            f"The base {source.name!r} cannot be moved to {str(device)!r} ({_first_line(error)}); "
            "use another device."
        ) from error


def _too_large(source: Source, place: str) -> BaseError:
    return BaseError(
        f"The base {source.name!r} does not fit in the memory of {place}; "
        "use a smaller base, dtype='float16' or another device."
    )


def choose_device(device: str | torch.device | None) -> torch.device:
    """The device asked for, else CUDA where there is one, else the CPU; raises BaseError."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise BaseError(
            f"The device {str(device)!r} cannot be used ({_first_line(error)}); use 'cpu'."
        ) from error
    return chosen


def choose_dtype(dtype: str | torch.dtype | None, device: torch.device) -> torch.dtype:
    """float32 on a CPU; bfloat16 where the device computes in it natively, else float16."""
    if dtype is None:
        if device.type == "cpu":
            return torch.float32
        if device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0):
            return torch.float16
        return torch.bfloat16 if device.type == "cuda" else torch.float16
    chosen = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if chosen not in (torch.float32, torch.bfloat16, torch.float16):
        raise BaseError(
            f"A base cannot run in {str(dtype)!r}; use 'float32', 'bfloat16' or 'float16'."
        )
    return chosen


def _pin(name: str, revision: str | None) -> Pinned:
    """The commit that a revision of a model on the Hub stands for now; raises BaseError."""
    try:
        return pinned_model(default_hub(), name, revision)
    except CheckpointError as error:
        raise BaseError(f"The base cannot be had: {error}") from error


def _config(name: str, location: str, revision: str | None) -> Any:
    try:
        config = AutoConfig.from_pretrained(location, revision=revision, **LOCAL)
    except Exception as error:  # transformers and the Hub client raise many kinds
        raise BaseError(
            f"The base {name!r} cannot be read ({_first_line(error)}); "
            "give a Qwen3-VL folder or model id."
        ) from error
    if config.model_type != MODEL_TYPE:
        raise BaseError(
            f"The base {name!r} is a {config.model_type!r} model; give one of type {MODEL_TYPE!r}."
        )
    return config


def _digest(folder: Path) -> str | None:
    """A short hash of a folder's weights when they are small enough to read at once."""
    weights = folder / "model.safetensors"
    if not weights.is_file() or weights.stat().st_size > 64 * 2**20:
        return None
    return "sha256:" + hashlib.sha256(weights.read_bytes()).hexdigest()[:16]


def _chat_template(source: Source, pinned: dict[str, Any]) -> str:
    """The template of a processor whose tokenizer carries none."""
    for name in ("chat_template.jinja", "chat_template.json"):
        path = cached_file(
            source.location,
            name,
            _raise_exceptions_for_missing_entries=False,
            local_files_only=True,
            revision=pinned.get("revision"),
        )
        if path is not None:
            text = Path(path).read_text(encoding="utf-8")
            return json.loads(text)["chat_template"] if name.endswith(".json") else text
    raise BaseError(
        f"The base {source.name!r} has no chat template; add chat_template.jinja to it."
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
