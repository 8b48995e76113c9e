"""Build the folder of the Hugging Face Space: the app, both packages and the base, and no more."""

import shutil
import sys
from pathlib import Path

from stamps import ROOT

TARGET = ROOT / "build" / "space"
APP = ROOT / "space"
PACKAGES = (ROOT / "component" / "gradio_comparisongrid", ROOT / "backend" / "vlmscope")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.pyi", ".*")
NEEDED = {
    "gradio_comparisongrid/templates/component/index.js": "run `make run` or `make build` once",
    "vlmscope/assets/base/model.safetensors": "train it with `make train`",
    "vlmscope/assets/checkpoints/*.safetensors": "train them with `make train`",
    "vlmscope/assets/examples/examples.json": "make it with `make train`",
    "vlmscope/assets/suites/held_out_100.json": "make it with `make train`",
}


def assemble(target: Path) -> None:
    """Copy everything the Space needs into `target`, which is emptied first.

    A Space installs its requirements before it has the files, so packages that no index holds
    stand beside app.py, unpacked.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(APP, target, ignore=LEFT_OUT)
    for package in PACKAGES:
        shutil.copytree(package, target / package.name, ignore=LEFT_OUT)
    shutil.copy(ROOT / "LICENSE", target)


def lacks(target: Path) -> list[str]:
    """What a Space in `target` would miss, a sentence for each file."""
    return [
        f"{name} is not there: {way_out}."
        for name, way_out in NEEDED.items()
        if not any(target.glob(name))
    ]


def main() -> None:
    assemble(TARGET)
    missing = lacks(TARGET)
    if missing:
        sys.exit("\n".join(missing))
    megabytes = sum(f.stat().st_size for f in TARGET.rglob("*") if f.is_file()) / 1e6
    print(f"{TARGET.relative_to(ROOT)}: {megabytes:.1f} MB, ready to upload as a Gradio Space")


if __name__ == "__main__":
    main()
