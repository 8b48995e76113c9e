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
MAX_UNPACKED_BYTES = 2**30
"""Of all that is uploaded for one suite, unpacked."""
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


def uploaded_suite(files: Sequence[Path], shipped: Iterable[Path], folder: Path) -> Suite:
    """The suite among uploaded files, its images copied to `folder`; raises InputError.

    The images are uploaded beside it, or lie with it in a zip file, or are `shipped` ones; each is
    told by the last part of its name. Nothing else of this machine is read, whatever the suite names.
    """
    (own := folder / "suite").mkdir()
    (images := folder / "images").mkdir()
    left = MAX_UNPACKED_BYTES
    for file in files:
        if file.suffix.lower() == ".zip":
            left -= _unpack(file, own, images, left)
        else:
            with file.open("rb") as content:
                left -= _put(file.name, content, own, images, left)
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


def _unpack(file: Path, own: Path, images: Path, most: int) -> int:
    """Take the suite and the images out of a zip file, by the last part of their names; their size."""
    size = 0
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
                    size += _put(name, content, own, images, most - size)
    except _DAMAGED as error:
        raise InputError(
            f"{shown(file.name)} cannot be unpacked ({type(error).__name__}); pack it again, "
            "without a password."
        ) from error
    return size


def _put(name: str, content: IO[bytes], own: Path, images: Path, most: int) -> int:
    """Write a suite or an image to its folder and give its size; anything else is left out."""
    suffix = Path(name).suffix.lower()
    if suffix not in (*SUITES, *IMAGES):
        return 0
    place = (own if suffix in SUITES else images) / name
    part = place.with_name(f"{place.name}.part")
    size = 0
    with part.open("wb") as copy:
        while block := content.read(2**20):
            size += len(block)
            if size > most:
                raise InputError(
                    f"What was uploaded holds more than {MAX_UNPACKED_BYTES // 2**20:,} MiB; "
                    "split the suite."
                )
            copy.write(block)
    if place.exists() and not filecmp.cmp(place, part, shallow=False):
        raise InputError(
            f"There are two files called {shown(name)}, and images are told apart by that; rename one."
        )
    part.replace(place)
    return size
