"""Remember which inputs a step last ran on, so that a second start skips what is done."""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMPS = ROOT / ".venv" / "stamps"
PYTHON = ".".join(map(str, sys.version_info[:2]))


def fingerprint(paths: Iterable[Path], *also: str) -> str:
    """A hash of the names and bytes of files, of all files below folders, of `also`, and of the
    running Python's version: what one Python installed, another does not have."""
    digest = hashlib.sha256("\0".join((PYTHON, *also)).encode())
    for path in sorted(set(_files(paths))):
        digest.update(str(path).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_done(step: str, mark: str) -> bool:
    """Whether `step` last finished on the inputs that `mark` stands for."""
    stamp = STAMPS / step
    return stamp.is_file() and stamp.read_text() == mark


def done(step: str, mark: str) -> None:
    """Record that `step` finished on the inputs that `mark` stands for."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / step).write_text(mark)


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from (p for p in path.rglob("*") if p.is_file() and not _is_output(p, path))


def _is_output(path: Path, top: Path) -> bool:
    skipped = {"node_modules", "__pycache__", "dist", ".vite", ".svelte-kit"}
    return not skipped.isdisjoint(path.relative_to(top).parts)
