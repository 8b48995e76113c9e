"""What a source on the Hub names: `hf://`, a web address from the browser, or `owner/name`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from vlmscope.values.errors import CheckpointError, shown

SCHEME = "hf://"
WEB = ("https://", "http://")
HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")

MAX_PATH = 1_000
"""Bytes of a path within a repository."""
MAX_PART = 255
"""Bytes of one part of it: what a file system takes."""

_NAME = re.compile(r"[\w][\w.-]{0,95}", re.ASCII)
_REVISION_PART = re.compile(r"[\w][\w.+=-]{0,199}", re.ASCII)
_SPECIAL = re.compile(r"refs/(?:pr|convert)/[\w.-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubPlace:
    """A repository, and what is meant of it: `path` is a file, a folder, or all of it when None.

    `repo_type` is "model", "space", or None for whichever there is. `str` of a place is a source that
    names the same place.
    """

    repo_id: str
    repo_type: str | None = None
    revision: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        kind = f"{self.repo_type}s/" if self.repo_type else ""
        revision = f"@{_in_line(self.revision)}" if self.revision else ""
        path = f"/{self.path}" if self.path else ""
        return f"{SCHEME}{kind}{self.repo_id}{revision}{path}"


def _in_line(revision: str) -> str:
    """A branch with a slash is written as one part, so that what follows it is the path."""
    return revision if _SPECIAL.fullmatch(revision) else revision.replace("/", "%2F")


def is_address(source: str) -> bool:
    """Whether a source is `hf://…` or a web address of the Hub."""
    if source.startswith(SCHEME):
        return True
    try:
        return source.startswith(WEB) and urlsplit(source).hostname in HOSTS
    except ValueError:  # of brackets that hold no address
        return False


def hub_place(source: str) -> HubPlace:
    """The place that a source names; raises CheckpointError for what names none, or leaves its repository.

    The parts of a web address, and the revision of a line, are decoded once; what comes of it has to be
    as strict as if it had been written plainly.
    """
    try:
        if source.startswith(WEB):
            if urlsplit(source).hostname not in HOSTS:
                raise ValueError
            parts, revision = _of_address(source)
        else:
            parts, revision = _of_line(source.removeprefix(SCHEME))
    except ValueError:  # another host, brackets that hold no address, or bytes that are no text
        raise CheckpointError(
            f"{shown(source)} cannot be read as an address; write hf://owner/name[@revision][/file]."
        ) from None
    repo_type = None
    if parts[:1] in (["spaces"], ["models"]):
        repo_type = parts.pop(0)[:-1]
    if parts[:1] == ["datasets"]:
        raise CheckpointError(
            f"{shown(source)} is a dataset; checkpoints lie in models and Spaces."
        )
    repo_id, path = "/".join(parts[:2]), parts[2:]
    if not is_repo_id(repo_id):
        raise CheckpointError(
            f"{shown(source)} names no repository; write hf://owner/name[@revision][/file]."
        )
    if revision is not None and not is_revision(revision):
        raise CheckpointError(
            f"{shown(source)} has no revision that the Hub could know; give a branch, tag or commit."
        )
    check_path(path, source)
    return HubPlace(repo_id, repo_type, revision, "/".join(path) or None)


def is_repo_id(name: str) -> bool:
    """Whether a text is `owner/name` as the Hub has them, and so a folder's name of the cache."""
    owner, slash, own = name.partition("/")
    odd = "--" in name or ".." in name  # in the cache, two dashes stand for the slash
    return bool(slash and not odd and _NAME.fullmatch(owner) and _NAME.fullmatch(own))


def is_revision(revision: str) -> bool:
    """Whether a text can be a branch, tag or commit, and so a file's name of the cache."""
    parts = revision.split("/")
    return (
        len(revision) <= 200
        and ".." not in revision
        and all(_REVISION_PART.fullmatch(part) for part in parts)
    )


def check_path(parts: Sequence[str], said: str) -> None:
    """Raise CheckpointError for a path that could lead out of its repository, or deceive a reader."""
    for part in parts:
        odd = any(unicodedata.category(letter).startswith("C") for letter in part)
        if part in ("", ".", "..") or odd or any(letter in part for letter in "/\\:"):
            raise CheckpointError(
                f"{shown(said)} holds the path part {shown(part)}, which is not followed; "
                "give a file within the repository."
            )
        if len(part.encode()) > MAX_PART:
            raise CheckpointError(
                f"{shown(said)} holds a name of {len(part.encode())} bytes, longer than the "
                f"{MAX_PART} that a disk takes; give the file a shorter one."
            )
    if len("/".join(parts).encode()) > MAX_PATH:
        raise CheckpointError(
            f"{shown(said)} has a path longer than {MAX_PATH:,} bytes; put the file higher up."
        )


def is_commit(revision: object) -> bool:
    return isinstance(revision, str) and bool(_COMMIT.fullmatch(revision))


def _of_address(source: str) -> tuple[list[str], str | None]:
    path = urlsplit(source).path
    parts = [unquote(part, errors="strict") for part in path.split("/") if part]
    skip = 1 if parts[:1] in (["spaces"], ["models"]) else 0
    head, rest = parts[: skip + 2], parts[skip + 2 :]
    if rest and rest[0] in ("tree", "blob", "resolve", "raw", "commit") and len(rest) > 1:
        special = "/".join(rest[1:4])
        if _SPECIAL.fullmatch(special):
            return head + rest[4:], special
        return head + rest[2:], rest[1]
    return head, None


def _of_line(line: str) -> tuple[list[str], str | None]:
    parts = line.split("/")
    last = 2 if parts[:1] in (["spaces"], ["models"]) else 1  # an @ further on is a file's own
    head, at, _ = "/".join(parts[: last + 1]).partition("@")
    if not at:
        return parts, None
    after = line[len(head) + 1 :]
    special = _SPECIAL.match(after)
    is_special = special is not None and after[special.end() :][:1] in ("", "/")
    written = special[0] if special and is_special else after.partition("/")[0]
    rest = after[len(written) + 1 :]
    return head.split("/") + (rest.split("/") if rest else []), unquote(written, errors="strict")
