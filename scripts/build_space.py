"""Build the folder of the Hugging Face Space: the app, both packages and the base, and no more."""

import shutil
import sys
from pathlib import Path

from refusal import Refused
from space_files import wanted_files
from stamps import ROOT

TARGET = ROOT / "build" / "space"
NEEDED = {
    "gradio_comparisongrid/templates/component/index.js": "run `make run` or `make build` once",
    "vlmscope/assets/base/model.safetensors": "train it with `make train`",
    "vlmscope/assets/checkpoints/*.safetensors": "train them with `make train`",
    "vlmscope/assets/examples/examples.json": "make it with `make train`",
    "vlmscope/assets/suites/held_out_100.json": "make it with `make train`",
}


def assemble(target: Path, root: Path = ROOT) -> list[str]:
    """Copy the Space's files into `target`, which is emptied first; gives their paths there.

    A Space installs its requirements before it has the files, so packages that no index holds
    stand beside app.py, unpacked. Raises Refused where a link stands for a file.
    """
    if target.is_symlink():
        raise Refused(f"{target} is a link, and what it leads to is not emptied; remove the link.")
    files = wanted_files(root)
    shutil.rmtree(target, ignore_errors=True)
    for name, path in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / name)
    return list(files)


def lacks(target: Path) -> list[str]:
    """What a Space in `target` would miss, a sentence for each file."""
    return [
        f"{name} is not there: {way_out}."
        for name, way_out in NEEDED.items()
        if not any(target.glob(name))
    ]


def main() -> None:
    try:
        names = assemble(TARGET)
    except Refused as problem:
        sys.exit(str(problem))
    missing = lacks(TARGET)
    if missing:
        sys.exit("\n".join(missing))
    megabytes = sum((TARGET / name).stat().st_size for name in names) / 1e6
    print(f"{TARGET.relative_to(ROOT)}: {megabytes:.1f} MB, ready to upload as a Gradio Space")


if __name__ == "__main__":
    main()
