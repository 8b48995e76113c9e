"""Which file a SOURCE names: a file, or the one in a trainer's folder; and whether it means the Hub."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from vlmscope.checkpoints.hub_place import is_address
from vlmscope.values.errors import CheckpointError, plain, shown

WEIGHT_NAMES = (
    "arr_coc_components.safetensors",
    "arr_coc_weights.safetensors",
    "model.safetensors",
)
PICKLES = (".pt", ".pth", ".bin", ".ckpt")
STATES = ("optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state.pth", "training_args.bin")
"""What the trainer of transformers keeps beside a model, to go on from there."""

SUFFIXES = (".safetensors", *PICKLES)

MAX_PATH = 300
"""Characters of a path that a message shows."""

_HUB_ID = re.compile(r"((spaces|models)/)?[\w-][\w.-]*/[\w-][\w.-]*(@[\w./-]+)?", re.ASCII)


def is_hub(source: str) -> bool:
    """Whether a source means the Hub: `hf://`, a web address, or `owner/name[@revision]`, no path here."""
    if is_address(source):
        return True
    named = source.endswith(SUFFIXES)
    return not named and bool(_HUB_ID.fullmatch(source)) and not os.path.exists(source)


def weights_file(source: str, pickles: bool = True) -> Path:
    """The file of weights on this machine that a source names; raises CheckpointError if there is none.

    Without `pickles`, only safetensors.
    """
    path = Path(os.path.expanduser(source))  # pathlib's own raises for a person who is not known
    if os.path.isdir(path):
        try:
            names = [each.name for each in sorted(path.iterdir()) if os.path.isfile(each)]
        except OSError as error:
            raise CheckpointError(
                f"The folder {shown(source, MAX_PATH)} cannot be listed ({error.strerror}); check its "
                "permissions."
            ) from None
        path = path / only_one(names, source)
    return readable_file(path, source, pickles)


def readable_file(path: Path, said: str, pickles: bool = True) -> Path:
    """The path itself; raises CheckpointError, naming it as it was `said`, for what is not read."""
    if not os.path.exists(path):  # of a path too long, or a link to itself, pathlib's own raises
        raise CheckpointError(f"There is no checkpoint {shown(said, MAX_PATH)}; check the path.")
    if not os.path.isfile(path):  # a pipe or a device would be waited for without end
        raise CheckpointError(
            f"{shown(said, MAX_PATH)} is no regular file; give a .safetensors file."
        )
    if not pickles:
        no_pickles(path.name, said)
    return path


def no_pickles(name: str, said: str) -> None:
    """Raise CheckpointError for the name of a pickle."""
    if name.endswith(PICKLES):
        raise CheckpointError(
            f"{shown(said, MAX_PATH)} is a pickle, which could run code if it were opened the usual way, and "
            "only safetensors are taken here; save its tensors as .safetensors and give that file."
        )


def only_one(names: Sequence[str], said: str) -> str:
    """Which of a folder's files is its checkpoint, by its name or because there is no other."""
    for name in WEIGHT_NAMES:
        if name in names:
            return name
    safe = [name for name in names if name.endswith(".safetensors")]
    others = [name for name in names if name.endswith(PICKLES) and name not in STATES]
    for found in (safe, others):
        if len(found) == 1:
            return found[0]
    listed = ", ".join(plain(each, 80) for each in (*safe, *others)[:5]) or "none"
    raise CheckpointError(
        f"The folder {shown(said, MAX_PATH)} holds no single checkpoint (files of weights: {listed}); "
        "name one file."
    )
