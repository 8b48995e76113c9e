"""Build the wheels of both packages into dist/, and look inside before calling it done."""

import fnmatch
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from stamps import ROOT

DIST = ROOT / "dist"
NEEDED = {
    "gradio_comparisongrid": ("gradio_comparisongrid/templates/component/index.js",),
    "vlmscope": (
        "vlmscope/assets/base/model.safetensors",
        "vlmscope/assets/checkpoints/*.safetensors",
        "vlmscope/assets/examples/examples.json",
        "vlmscope/assets/suites/held_out_100.json",
    ),
}
"""Patterns of the files without which a wheel shows nothing."""


def missing(wheel: Path, needed: Iterable[str]) -> list[str]:
    """The patterns of `needed` that no file in `wheel` matches."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    return [pattern for pattern in needed if not fnmatch.filter(names, pattern)]


def main() -> None:
    for old in DIST.glob("*.whl"):
        old.unlink()
    for project in (ROOT, ROOT / "backend"):
        command = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(DIST),
        ]
        subprocess.run([*command, str(project)], check=True)
    for name, needed in NEEDED.items():
        wheels = list(DIST.glob(f"{name}-*.whl"))
        if not wheels:
            sys.exit(f"The wheel of {name} was not built; see the output above.")
        lacking = missing(wheels[0], needed)
        if lacking:
            sys.exit(f"The wheel of {name} lacks {', '.join(lacking)}; `make train` makes assets.")
        print(f"{wheels[0].relative_to(ROOT)}  {wheels[0].stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
