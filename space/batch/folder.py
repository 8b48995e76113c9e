"""A batch's own folder: copies of its images, and suites read from what people upload."""

import filecmp
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from vlmscope import InputError, Suite, read_suite
from vlmscope.evidence.suite import MAX_CASES
from vlmscope.values.errors import shown

SUITES = (".json", ".jsonl")
IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
MOST_AT_THE_DESK, MOST_OF_STRANGERS = 2**30, 64 * 2**20
"""Bytes of all that is uploaded for one suite, unpacked."""
MAX_MEMBERS = 2 * MAX_CASES
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
"""What `zipfile` raises for a file that is damaged, locked or packed in another way."""


def copied(images: Sequence[Path], folder: Path) -> list[Path]:
    """Copies of images in the order given, named so that none stands for another."""
    copies = []
    for number, image in enumerate(images, 1):
        copies.append(folder / f"{number:02d}-{image.name}")
        shutil.copyfile(image, copies[-1])
    return copies


def uploaded_suite(
    files: Sequence[Path], shipped: Iterable[Path], folder: Path, most: int = MOST_AT_THE_DESK
) -> Suite:
    """The suite among uploaded files, its images copied to `folder`; raises InputError.

    The images are uploaded beside it, or lie with it in a zip file, or are `shipped` ones; each is
    told by the last part of its name. Nothing else of this machine is read, whatever the suite names.
    What is uploaded holds at most so many bytes, unpacked.
    """
    room = _Room(most)
    (own := folder / "suite").mkdir()
    (images := folder / "images").mkdir()
    for file in files:
        if file.suffix.lower() == ".zip":
            _unpack(file, own, images, room)
        else:
            with file.open("rb") as content:
                _put(file.name, content, own, images, room)
    suites = sorted(own.iterdir())
    if len(suites) != 1:
        found = ", ".join(shown(each.name) for each in suites[:5]) or "none"
        raise InputError(
            f"There should be one suite file, .json or .jsonl, and there is {found}; "
            "give one, and its images beside it or with it in a zip file."
        )
    for image in shipped:
        if not (images / image.name).exists():
            shutil.copyfile(image, images / image.name)
    return read_suite(suites[0], folder=images)


class _Room:
    """So many bytes may be written in all."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise InputError(
                f"What was uploaded holds more than {self._most / 2**20:,.0f} MiB, unpacked; "
                "split the suite, or make its images smaller."
            )


def _unpack(file: Path, own: Path, images: Path, room: _Room) -> None:
    """Take the suite and the images out of a zip file, by the last part of their names."""
    try:
        with zipfile.ZipFile(file) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            if len(members) > MAX_MEMBERS:
                raise InputError(
                    f"{shown(file.name)} holds {len(members):,} files; use at most {MAX_MEMBERS:,}."
                )
            for member in members:
                name = Path(member.filename.replace("\\", "/")).name
                # Such as ._a.png in __MACOSX: what a Mac adds to a zip file.
                if name.startswith("."):
                    continue
                with packed.open(member) as content:
                    _put(name, content, own, images, room)
    except _DAMAGED as error:
        raise InputError(
            f"{shown(file.name)} cannot be unpacked ({type(error).__name__}); pack it again, "
            "without a password."
        ) from error


def _put(name: str, content: IO[bytes], own: Path, images: Path, room: _Room) -> None:
    """Write a suite or an image to its folder; anything else is left out."""
    suffix = Path(name).suffix.lower()
    if suffix not in (*SUITES, *IMAGES):
        return
    place = (own if suffix in SUITES else images) / name
    part = place.with_name(f"{place.name}.part")
    with part.open("wb") as copy:
        while block := content.read(2**20):
            room.take(len(block))
            copy.write(block)
    if place.exists() and not filecmp.cmp(place, part, shallow=False):
        raise InputError(
            f"There are two files called {shown(name)}, and images are told apart by that; rename one."
        )
    part.replace(place)
