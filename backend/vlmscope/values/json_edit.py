"""One member of a JSON object changed in its text; every other byte stays as others wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

_SPACE = re.compile(r"[ \t\n\r]*")
_VALUE = json.JSONDecoder(parse_int=str, parse_float=str)
"""Only where a value ends is asked, and no number is worth computing."""


@dataclass(frozen=True)
class Member:
    """A member of an object: its key, where that begins, and where its value begins and ends."""

    key: str
    start: int
    value: int
    end: int


def with_member(text: str, key: str, value: Any) -> str:
    """The text of an object with `key` set to a plain value, or without it for None.

    The text must be valid JSON. What is new is laid out as what is there.
    """
    found = list(_members(text))
    here = next((each for each in found if each.key == key), None)
    if here is None:
        return text if value is None else _added(text, found, key, value)
    if value is None:
        return _taken(text, found, here)
    return text[: here.value] + _written(value, _ahead(text, here)) + text[here.end :]


def member_text(text: str, key: str) -> str | None:
    """The text of a member's value, None where there is none."""
    return next((text[m.value : m.end] for m in _members(text) if m.key == key), None)


def with_member_text(text: str, key: str, value: str) -> str:
    """The text of an object with the value of a member that is there replaced by a text."""
    here = next(each for each in _members(text) if each.key == key)
    return text[: here.value] + value + text[here.end :]


def _members(text: str) -> Iterator[Member]:
    at = _after_space(text, text.index("{") + 1)
    while text[at] != "}":
        start = at
        key, at = scanstring(text, at + 1)
        value = _after_space(text, _after_space(text, at) + 1)
        _, end = _VALUE.raw_decode(text, value)
        yield Member(key, start, value, end)
        at = _after_space(text, end)
        if text[at] == ",":
            at = _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _ahead(text: str, member: Member) -> str:
    """The space before a member, from which its line begins."""
    start = member.start
    while start and text[start - 1] in " \t\n\r":
        start -= 1
    return text[start : member.start]


def _added(text: str, members: list[Member], key: str, value: Any) -> str:
    if members:
        ahead, at = _ahead(text, members[0]), members[-1].end
        apart = f",{ahead}" if "\n" in ahead else ", "
        return f"{text[:at]}{apart}{_name(key)}: {_written(value, ahead)}{text[at:]}"
    start, end = text.index("{"), text.rindex("}")
    return (
        f"{text[:start]}{{\n  {_name(key)}: {_written(value, chr(10) + '  ')}\n}}{text[end + 1 :]}"
    )


def _taken(text: str, members: list[Member], here: Member) -> str:
    place = members.index(here)
    if place:
        return text[: members[place - 1].end] + text[here.end :]
    if len(members) > 1:
        return text[: here.start] + text[members[1].start :]
    return text[: text.index("{") + 1] + text[here.end :].lstrip(" \t\n\r")


def _written(value: Any, ahead: str) -> str:
    """A plain value's JSON, on lines of its own where the object's members are."""
    if isinstance(value, dict):
        is_open = "\n" in ahead
        inside = f"{ahead}  " if is_open else ""
        members = (f"{inside}{_name(k)}: {_written(v, inside)}" for k, v in value.items())
        return "{" + ("," if is_open else ", ").join(members) + (ahead if is_open else "") + "}"
    return _name(value) if isinstance(value, str) else json.dumps(value, allow_nan=False)


def _name(text: str) -> str:
    """A text's JSON; one that is none, as a file's name may be, is escaped."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)
