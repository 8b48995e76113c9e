"""A `Suite`: cases with a known answer, read from the files in which people keep them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from vlmscope.engine.options import check_query
from vlmscope.values import strict_json
from vlmscope.values.errors import InputError, shortened, shown

MAX_FILE_BYTES = 50_000_000
MAX_CASES = 5_000
MAX_NESTED = 1_000_000
"""Lists and objects in a file: each takes many times its bytes once it is read."""
MAX_NAME = 200
MAX_ACCEPTED = 100
MAX_ANSWER = 2_000
LISTS = ("cases", "queries", "tests", "samples", "data")
"""Where an object at the top may hold the list of cases."""
OTHER = "other"


@dataclass(frozen=True)
class Case:
    """One question about one image; `expected` are the accepted answers, empty when not judged."""

    id: str
    type: str
    image: Path
    query: str
    expected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """Cases with ids that differ, in the file's order."""

    name: str
    cases: tuple[Case, ...]


def read_suite(
    path: str | os.PathLike[str], *, anywhere: bool = False, folder: Path | None = None
) -> Suite:
    """A suite from a JSON or JSONL file; raises InputError that names the entry and the way out.

    The cases are a list at the top, or under one of `LISTS`, or an object in each line. A case has
    `id` (else its number), `type` (else "other"), `image`, `query` or `question`, and `expected`,
    `answer` or `answers`: a text, a number, true (yes) or false (no), or a list of these.

    Images lie in the suite's folder or below it, links followed; `anywhere` lets them lie elsewhere.
    With `folder`, each is looked for there, by the last part of its name.
    """
    file = Path(path)
    found = _load(file)
    entries, name = _entries(found, file.name)
    home = _Home(file.parent if folder is None else Path(folder), anywhere, folder is not None)
    cases: dict[str, Case] = {}
    for number, entry in enumerate(entries, 1):
        try:
            case = _case(entry, number, home)
            if case.id in cases:
                raise InputError(f"its id {shown(case.id)} is there before; give it another")
        except InputError as error:
            why = str(error)[:1].lower() + str(error)[1:].rstrip(".")
            raise InputError(
                f"Entry {number} of {shortened(file.name)} cannot be used: {why}."
            ) from None
        cases[case.id] = case
    return Suite(name or file.stem, tuple(cases.values()))


def _load(file: Path) -> Any:
    name = shortened(file.name)
    if not os.path.isfile(file):  # a pipe would be waited for
        raise InputError(f"There is no suite file {shown(str(file))}; check the path.")
    try:
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(
                f"{name} has {size:,} bytes; a suite has at most {MAX_FILE_BYTES:,}, so split it."
            )
        raw = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise InputError(
            f"The suite {name} cannot be read ({error.strerror}); check its permissions."
        ) from error
    if raw.count(b"[") + raw.count(b"{") > MAX_NESTED:
        raise InputError(
            f"{name} holds more than {MAX_NESTED:,} lists and objects; leave in only the cases."
        )
    try:
        return strict_json.loads(raw)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise _no_json(name, error) from None
    except (ValueError, RecursionError) as error:
        raise _no_json(name, error) from None
    return _lines(raw, name)


def _lines(raw: bytes, name: str) -> list[Any]:
    """JSONL: a value in each line that is not blank."""
    found = []
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(strict_json.loads(line))
        except json.JSONDecodeError as error:
            raise _no_json(f"Line {number} of {name}", error.msg) from None
        except (ValueError, RecursionError) as error:
            raise _no_json(f"Line {number} of {name}", error) from None
    return found


def _no_json(what: str, why: object) -> InputError:
    return InputError(f"{what} is no JSON ({shortened(str(why), 120)}); mend it.")


def _entries(found: Any, file: str) -> tuple[list[Any], str | None]:
    """The list of cases, and the suite's own name where the file says one."""
    name = None
    if isinstance(found, Mapping):
        said = found.get("name")
        name = said.strip()[:MAX_NAME] if isinstance(said, str) and _whole(said) else None
        lists = [found[key] for key in LISTS if isinstance(found.get(key), list)]
        if not lists and "image" not in found:
            raise InputError(
                f"{shortened(file)} has no list of cases; put one at the top or under "
                f"{', '.join(LISTS)}."
            )
        found = lists[0] if lists else [found]  # JSONL of one line
    if not isinstance(found, list):
        raise InputError(f"{shortened(file)} is no list of cases but {shown(found)}; write a list.")
    if not found:
        raise InputError(f"{shortened(file)} holds no case; write at least one.")
    if len(found) > MAX_CASES:
        raise InputError(
            f"{shortened(file)} holds {len(found):,} cases; use at most {MAX_CASES:,}, so split it."
        )
    return found, name


def _case(entry: Any, number: int, home: _Home) -> Case:
    if not isinstance(entry, Mapping):
        raise InputError(f"it is {shown(entry)}; write an object with image and query")
    image = entry.get("image")
    if not isinstance(image, str) or not image.strip():
        raise InputError(f"its image is {shown(image)}; name a file")
    query = _first(entry, "query", "question")
    if query is None:
        raise InputError("it has no query; write the question")
    return Case(
        id=_name("id", entry.get("id"), str(number)),
        type=_name("type", entry.get("type"), OTHER),
        image=home.find(image.strip()),
        query=check_query(query),
        expected=_accepted(_first(entry, "expected", "answers", "answer")),
    )


def _first(entry: Mapping[str, Any], *names: str) -> Any:
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def _name(what: str, value: Any, otherwise: str) -> str:
    """An id or a type: text, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        return otherwise
    if not isinstance(value, str) or not value.strip().isprintable() or not value.strip():
        raise InputError(f"its {what} is {shown(value)}; give a text of one line")
    if len(value) > MAX_NAME:
        raise InputError(f"its {what} has {len(value):,} characters; use at most {MAX_NAME}")
    return value.strip()


def _accepted(value: Any) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [] if value is None else [value]
    if len(given) > MAX_ACCEPTED:
        raise InputError(f"it accepts {len(given):,} answers; use at most {MAX_ACCEPTED}")
    return tuple(dict.fromkeys(text for text in map(_answer, given) if text))


def _answer(value: Any) -> str:
    """An accepted answer as text; true is yes, and 2.0 is 2."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        value = str(value)
    if not isinstance(value, str) or not _whole(value):
        raise InputError(
            f"its expected answer is {shown(value)}; give a text, a number, true, false or a list of these"
        )
    if len(value) > MAX_ANSWER:
        raise InputError(
            f"its expected answer has {len(value):,} characters; use at most {MAX_ANSWER:,}"
        )
    return value.strip()


def _whole(text: str) -> bool:
    """Whether it can be written down: half a character (a lone surrogate) cannot."""
    return text == text.encode("utf-8", "replace").decode()


class _Home:
    """The folder that images lie in. What lies outside is refused before it is looked for."""

    def __init__(self, folder: Path, anywhere: bool, by_last_part: bool) -> None:
        self.folder, self.by_last_part = folder, by_last_part
        self.anywhere = anywhere and not by_last_part
        self._real = Path(os.path.realpath(folder))
        self._names: dict[str, str] = {}

    def find(self, image: str) -> Path:
        """The image's file; raises InputError."""
        name = image.replace("\\", "/")
        if self.by_last_part:
            name = self._last_part(name)
        if "\0" in name or not _whole(name):
            raise InputError(f"its image {shown(image)} is no name of a file; name a file")
        place = Path(os.path.realpath(self.folder / name))
        if not self.anywhere and (os.path.isabs(name) or not place.is_relative_to(self._real)):
            raise InputError(
                f"its image {shown(image)} lies outside the suite's folder; put it in there"
            )
        if not os.path.isfile(place):
            raise InputError(
                f"there is no image {shown(image)}; put it "
                + ("among the images" if self.by_last_part else "there, seen from the suite's file")
            )
        return place

    def _last_part(self, name: str) -> str:
        last = name.rstrip("/").rpartition("/")[2]
        if self._names.setdefault(last, name) != name:
            raise InputError(
                f"its image {shown(name)} ends like {shown(self._names[last])}, and images are told "
                "apart by that; rename one"
            )
        return last
