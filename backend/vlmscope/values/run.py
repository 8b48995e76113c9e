"""A finished comparison, and its file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vlmscope.values import strict_json
from vlmscope.values.errors import InputError, shown
from vlmscope.values.images import open_image
from vlmscope.values.result import Result, RunImage
from vlmscope.values.run_file import (
    decode_image,
    decode_result,
    encode_image,
    encode_result,
    image_facts,
)

FORMAT = "vlmscope.run"
SCHEMA_VERSION = 1
MAX_FILE_BYTES = 512 * 2**20


@dataclass(frozen=True, eq=False)
class Run:
    """A finished comparison: `results` in the order of the variants.

    `base` and `stamp` are plain data: what was run, and under which conditions.
    """

    base: Mapping[str, Any]
    stamp: Mapping[str, Any]
    image: RunImage
    query: str
    results: tuple[Result, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, id: str) -> Result:
        """The result of the variant with this id; raises KeyError."""
        for result in self.results:
            if result.id == id:
                return result
        raise KeyError(id)

    def to_document(self, with_pixels: bool = True) -> dict[str, Any]:
        """The run as the plain data of its file, maps included; without pixels, its image has no `png`."""
        return {
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION,
            "base": self.base,
            "stamp": self.stamp,
            "options": self.options,
            "image": encode_image(self.image) if with_pixels else image_facts(self.image),
            "query": self.query,
            "results": [encode_result(result) for result in self.results],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run as one JSON file, image and maps included; no half file is left."""
        name = os.fspath(path)
        place = check_place(name)
        document = self.to_document()
        partial = f"{place}.{os.getpid()}.part"
        try:
            with open(partial, "w", encoding="utf-8") as file:
                file.write(strict_json.dumps(document))
            os.replace(partial, place)
        except OSError as error:
            if os.path.exists(partial):
                os.unlink(partial)
            raise InputError(
                f"The run cannot be saved to {name!r} ({error.strerror}); choose another place."
            ) from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Run:
        """Read a run that `save` wrote; raises InputError for anything else."""
        name = os.fspath(path)
        if os.path.exists(name) and not os.path.isfile(name):  # a pipe would be waited for
            raise InputError(f"{name!r} is no regular file; give a saved run.")
        try:
            if os.path.getsize(name) > MAX_FILE_BYTES:
                raise InputError(f"{name!r} is too large to be a run; give another file.")
            with open(name, "rb") as file:
                document = strict_json.loads(file.read())
        except OSError as error:
            raise InputError(
                f"The run {name!r} cannot be read ({error.strerror}); check the path."
            ) from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name!r} is no JSON ({error}); give a saved run.") from error
        return cls.from_document(document, repr(name))

    @classmethod
    def from_document(cls, document: Any, name: str = "The document") -> Run:
        """The run of what `to_document` gave; raises InputError, which calls it `name`."""
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise InputError(f"{name} is no saved run of vlmscope; give one that it saved.")
        if document.get("schema_version") != SCHEMA_VERSION:
            raise InputError(
                f"{name} is a run of schema version {shown(document.get('schema_version'))}, and "
                f"this version reads {SCHEMA_VERSION}; use the vlmscope that saved it."
            )
        try:
            return cls(
                base=dict(document["base"]),
                stamp=dict(document["stamp"]),
                image=decode_image(document["image"], open_image),
                query=str(document["query"]),
                results=tuple(decode_result(entry, open_image) for entry in document["results"]),
                options=dict(document["options"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            raise InputError(
                f"{name} is a damaged run ({type(error).__name__}: {error}); save it again."
            ) from error


def check_place(name: str) -> str:
    """Where a run named so is written: the file itself, or what a link there names.

    Raises InputError where a folder, a pipe or a device stands, or no folder to write in.
    """
    place = os.path.realpath(name)
    if not os.path.isdir(os.path.dirname(place)):
        raise InputError(
            f"There is no folder to save {name!r} in; make it or choose another place."
        )
    if os.path.lexists(place) and not os.path.isfile(place):
        raise InputError(f"{name!r} is no regular file; choose another place to save the run.")
    return place
