"""Which file a SOURCE names: a file, a folder of a trainer, or (refused here) the Hub."""

from __future__ import annotations

import os
import re
from pathlib import Path

from vlmscope.values.errors import CheckpointError, shortened

WEIGHT_NAMES = (
    "arr_coc_components.safetensors",
    "arr_coc_weights.safetensors",
    "model.safetensors",
)
PICKLES = (".pt", ".pth", ".bin", ".ckpt")
STATES = ("optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state.pth", "training_args.bin")
"""What the trainer of transformers keeps beside a model, to go on from there."""

_HUB_ID = re.compile(r"(spaces/)?[\w-][\w.-]*/[\w-][\w.-]*(@[\w./-]+)?")


def is_hub(source: str) -> bool:
    """Whether a source means the Hub: `hf://`, or `owner/name[@revision]` that is no path here."""
    if source.startswith("hf://"):
        return True
    named = source.endswith((".safetensors", *PICKLES))
    return not named and bool(_HUB_ID.fullmatch(source)) and not os.path.exists(source)


def weights_file(source: str, pickles: bool = True) -> Path:
    """The file of weights that a source names; raises CheckpointError when there is none.

    Without `pickles`, only safetensors.
    """
    if is_hub(source):
        absent = "lies on the Hub" if source.startswith("hf://") else "is no file or folder here"
        raise CheckpointError(
            f"{source!r} {absent}, and this version reads no checkpoint from the Hub; "
            "download it and give the file."
        )
    path = Path(source).expanduser()
    if os.path.isdir(path):
        return _in_folder(path, source, pickles)
    return readable_file(path, source, pickles)


def readable_file(path: Path, said: str, pickles: bool = True) -> Path:
    """The path itself; raises CheckpointError, naming it as it was `said`, for what is not read."""
    if not os.path.exists(path):  # of a path too long, or a link to itself, pathlib's own raises
        raise CheckpointError(f"There is no checkpoint {shortened(said)!r}; check the path.")
    if not os.path.isfile(path):  # a pipe or a device would be waited for without end
        raise CheckpointError(f"{said!r} is no regular file; give a .safetensors file.")
    if path.suffix in PICKLES and not pickles:
        raise CheckpointError(
            f"{said!r} is a pickle, which could run code if it were opened the usual way, and only "
            "safetensors are taken here; save its tensors as .safetensors and give that file."
        )
    return path


def _in_folder(folder: Path, said: str, pickles: bool) -> Path:
    for name in WEIGHT_NAMES:
        if (folder / name).is_file():
            return folder / name
    files = sorted(path for path in folder.iterdir() if path.is_file())
    safe = [path for path in files if path.suffix == ".safetensors"]
    others = [path for path in files if path.suffix in PICKLES and path.name not in STATES]
    for found in (safe, others):
        if len(found) == 1:
            return readable_file(found[0], said, pickles)
    names = ", ".join(file.name for file in (*safe, *others)[:5]) or "none"
    raise CheckpointError(
        f"The folder {said!r} holds no single checkpoint (files of weights: {names}); name one file."
    )
