"""Build the wheels of both packages into dist/, and look inside before calling it done."""

import subprocess
import sys
import zipfile
from pathlib import Path

from stamps import ROOT

DIST = ROOT / "dist"
NEEDED = {
    "gradio_comparisongrid": "gradio_comparisongrid/templates/component/index.js",
    "vlmscope": "vlmscope/__init__.py",
}


def missing(wheel: Path, needed: str) -> bool:
    """Whether `wheel` lacks the file without which it does nothing."""
    with zipfile.ZipFile(wheel) as archive:
        return needed not in archive.namelist()


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
        if not wheels or missing(wheels[0], needed):
            sys.exit(f"The wheel of {name} is missing or lacks {needed}; see the build's output.")
        print(f"{wheels[0].relative_to(ROOT)}  {wheels[0].stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
