"""Which files make up the Space: a list of what is wanted, and nothing else of the checkout."""

import fnmatch
import os
import re
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from refusal import Refused
from stamps import ROOT

TOKEN = re.compile(rb"\bhf_[A-Za-z0-9]{30,}\b")
"""A token of the Hub."""
SEARCHED_BYTES = 5_000_000
"""Larger files are weights, in which no one writes a token."""


ASSETS = (
    *("assets/base/README.md", "assets/base/chat_template.jinja", "assets/base/model.safetensors"),
    *("assets/base/config.json", "assets/base/*_config.json", "assets/base/tokenizer.json"),
    *("assets/checkpoints/*.safetensors", "assets/checkpoints/*/adapter_config.json"),
    *("assets/examples/examples.json", "assets/examples/*.png"),
    *("assets/suites/held_out_*.json", "assets/suites/images/*.png"),
)


@dataclass(frozen=True)
class Source:
    """A folder of the checkout, the folder of the Space that it becomes, and what is wanted of it.

    In a pattern `*` stands for any characters, `/` too.
    """

    folder: Path
    name: str
    wanted: tuple[str, ...]


def sources(root: Path = ROOT) -> tuple[Source, ...]:
    """All that a Space is made of, beside the license.

    The grid's templates are a source by themselves: they are built, and git does not have them.
    """
    grid = root / "component" / "gradio_comparisongrid"
    app = ("*.py", "*.js", "*.css", "first-run.json", "thumbnail.jpg")
    return (
        Source(root / "space", "", (*app, "README.md", "requirements.txt")),
        Source(grid, grid.name, ("*.py", "py.typed")),
        Source(grid / "templates", f"{grid.name}/templates", ("*.js", "*.css")),
        Source(root / "backend" / "vlmscope", "vlmscope", ("*.py", "py.typed", *ASSETS)),
    )


def wanted_files(root: Path = ROOT) -> dict[str, Path]:
    """Where each file of the Space lies, by its path there; raises Refused for a link.

    Nothing hidden is wanted whatever its name, no cache, and folders that are links are not entered.
    """
    found = {"LICENSE": root / "LICENSE"}
    folders = {source.folder for source in sources(root)}
    for source in sources(root):
        for path in _below(source.folder, folders - {source.folder}):
            inside = path.relative_to(source.folder).as_posix()
            if any(fnmatch.fnmatchcase(inside, pattern) for pattern in source.wanted):
                found[f"{source.name}/{inside}".lstrip("/")] = path
    for path in found.values():
        if path.is_symlink() or not path.is_file():
            raise Refused(
                f"{path.relative_to(root)} is a link or no plain file, and a Space gets plain files "
                "only; put the file itself there, or remove it."
            )
    return dict(sorted(found.items()))


def _below(folder: Path, skipped: Collection[Path]) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if name != "__pycache__" and name[0] != "." and Path(place, name) not in skipped
        ]
        yield from (Path(place, name) for name in names if name[0] != ".")


def unknown_to_git(files: dict[str, Path], root: Path = ROOT) -> list[str]:
    """Files of the Space that git does not know, as paths below `root`.

    No file is uploaded of which the commits say nothing; what was changed in one that they know, is
    (`changed_since_commit`). Empty outside a checkout.
    """
    others = _told_by_git(root, "ls-files", "--others", "--exclude-standard")
    return sorted({str(path.relative_to(root)) for path in files.values()} & others)


def changed_since_commit(files: dict[str, Path], root: Path = ROOT) -> set[str]:
    """Names of the files that are not as the last commit has them; none outside a checkout."""
    changed = _told_by_git(root, "diff", "HEAD", "--name-only", "--relative")
    return {name for name, path in files.items() if str(path.relative_to(root)) in changed}


def _told_by_git(root: Path, *command: str) -> set[str]:
    """The paths below `root` that a command of git names."""
    try:
        answer = subprocess.run(["git", *command, "-z"], cwd=root, capture_output=True, text=True)
    except OSError:
        return set()
    return set(answer.stdout.split("\0"))


def with_tokens(files: dict[str, Path]) -> list[str]:
    """Names of the files that hold what looks like a token of the Hub."""
    return [
        name
        for name, path in files.items()
        if path.stat().st_size <= SEARCHED_BYTES and TOKEN.search(path.read_bytes())
    ]
