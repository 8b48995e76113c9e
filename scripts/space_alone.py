"""The folder of a Space by itself: a copy, with the packages that its requirements bring, and no more."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clean_site import link_into
from space_card import front_matter
from space_requirements import brought_by_spaces

KEPT = re.compile(r"PATH|LANG|LC_\w+|TMPDIR|LD_LIBRARY_PATH|(OMP|MKL|OPENBLAS)_\w+")
"""Variables of this machine that a process gets; a token or a setting of ours is not among them."""

# Without `site`, the editable installs of this checkout are not found.
CODE = """
import runpy, sys
sys.path[:0] = [{folder!r}, {site!r}]
import gradio_comparisongrid, vlmscope
for package in (gradio_comparisongrid, vlmscope):
    if not package.__file__.startswith({folder!r}):
        sys.exit(f"{{package.__name__}} came from {{package.__file__}}, not from the Space's folder.")
{then}
"""


@dataclass(frozen=True)
class Alone:
    """A copy of a Space's folder, a folder of links to its packages, and a home with nothing in it."""

    folder: Path
    site: Path
    home: Path
    space: str

    def process(self, then: str, variables: Mapping[str, str]) -> subprocess.Popen:
        """Run Python code as this Space on the machine's CPU; what it says is on `stdout`.

        It has a free port of the loopback address, no GPU, no token, and asks nothing of the Hub.
        """
        code = CODE.format(folder=str(self.folder), site=str(self.site), then=then)
        return subprocess.Popen(
            [sys.executable, "-S", "-c", code],
            cwd=self.folder,
            env=self._environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        owner, name = self.space.split("/")
        return {
            **{key: value for key, value in os.environ.items() if KEPT.fullmatch(key)},
            **variables,
            **{"HOME": str(self.home), "HOST": "127.0.0.1", "PORT": str(_free_port())},
            **{"SYSTEM": "spaces", "SPACE_ID": self.space},
            **{"SPACE_AUTHOR_NAME": owner, "SPACE_REPO_NAME": name},
            **{"CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"},
            **sign_in(front_matter((self.folder / "README.md").read_text())),
        }


@contextmanager
def alone(folder: Path, space: str) -> Iterator[Alone]:
    """`folder` by itself while this is open; what runs there writes nothing into `folder`."""
    with TemporaryDirectory() as scratch:
        top = Path(scratch).resolve()
        it = Alone(top / "app", top / "site", top / "home", space)
        shutil.copytree(folder, it.folder)
        front = front_matter((folder / "README.md").read_text())
        link_into(it.site, own_requirements(folder), brought_by_spaces(front["sdk_version"]))
        it.home.mkdir()
        yield it


def sign_in(front: Mapping[str, Any]) -> dict[str, str]:
    """The variables that Spaces add where the card asks for sign-in; no one is told a real secret."""
    if not front.get("hf_oauth"):
        return {}
    scopes = ["openid", "profile", *front.get("hf_oauth_scopes", ())]
    return {
        "OAUTH_CLIENT_ID": "tried-by-itself",
        "OAUTH_CLIENT_SECRET": "tried-by-itself",
        "OAUTH_SCOPES": " ".join(scopes),
        "OPENID_PROVIDER_URL": "https://huggingface.co",
    }


def own_requirements(folder: Path) -> list[str]:
    """The lines of a Space's requirements.txt."""
    lines = (folder / "requirements.txt").read_text().splitlines()
    return list(filter(None, (line.split("#")[0].strip() for line in lines)))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
