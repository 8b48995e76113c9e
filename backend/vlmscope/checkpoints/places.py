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

_HUB_ID = re.compile(r"(spaces/)?[\w-][\w.-]*/[\w-][\w.-]*(@[\w./-]+)?")


def is_hub(source: str) -> bool:
    """Whether a source means the Hub: `hf://`, or `owner/name[@revision]` that is no path here."""
    if source.startswith("hf://"):
        return True
    named = source.endswith((".safetensors", *PICKLES))
    return not named and bool(_HUB_ID.fullmatch(source)) and not os.path.exists(source)


def weights_file(source: str) -> Path:
    """The safetensors file that a source names; raises CheckpointError when there is none."""
    if is_hub(source):
        absent = "lies on the Hub" if source.startswith("hf://") else "is no file or folder here"
        raise CheckpointError(
            f"{source!r} {absent}, and this version reads no checkpoint from the Hub; "
            "download it and give the file."
        )
    path = Path(source).expanduser()
    return _in_folder(path, source) if os.path.isdir(path) else readable_file(path, source)


def readable_file(path: Path, said: str) -> Path:
    """The path itself; raises CheckpointError, naming it as it was `said`, for what is not read."""
    if not os.path.exists(path):  # of a path too long, or a link to itself, pathlib's own raises
        raise CheckpointError(f"There is no checkpoint {shortened(said)!r}; check the path.")
    if not os.path.isfile(path):  # a pipe or a device would be waited for without end
        raise CheckpointError(f"{said!r} is no regular file; give a .safetensors file.")
    if path.suffix in PICKLES:
        raise CheckpointError(
            f"{said!r} is a pickle, which can run code when it is opened; "
            "save its tensors as .safetensors and give that file."
        )
    return path


def _in_folder(folder: Path, said: str) -> Path:
    for name in WEIGHT_NAMES:
        if (folder / name).is_file():
            return folder / name
    files = sorted(path for path in folder.glob("*.safetensors") if path.is_file())
    if len(files) == 1:
        return files[0]
    names = ", ".join(file.name for file in files[:5]) or "none"
    raise CheckpointError(
        f"The folder {said!r} holds no single checkpoint (safetensors files: {names}); "
        "name one file."
    )
