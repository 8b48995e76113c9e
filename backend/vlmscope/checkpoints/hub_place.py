"""What a source on the Hub names: `hf://`, a web address from the browser, or `owner/name`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from vlmscope.values.errors import CheckpointError, shortened

SCHEME = "hf://"
HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")

_NAME = re.compile(r"[\w][\w.-]{0,95}", re.ASCII)
_REVISION = re.compile(r"[\w][\w./-]{0,199}", re.ASCII)
_SPECIAL = re.compile(r"refs/(?:pr|convert)/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubPlace:
    """A repository, and what is meant of it: `path` is a file, a folder, or all of it when None.

    `repo_type` is "model", "space", or None for whichever there is.
    """

    repo_id: str
    repo_type: str | None = None
    revision: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        kind = "spaces/" if self.repo_type == "space" else ""
        revision = f"@{self.revision}" if self.revision else ""
        path = f"/{self.path}" if self.path else ""
        return f"{SCHEME}{kind}{self.repo_id}{revision}{path}"


def is_address(source: str) -> bool:
    """Whether a source is `hf://…` or a web address of the Hub."""
    return source.startswith(SCHEME) or (
        source.startswith(("https://", "http://")) and urlsplit(source).hostname in HOSTS
    )


def hub_place(source: str) -> HubPlace:
    """The place that a source names; raises CheckpointError for what names none, or leaves its repository."""
    if source.startswith(("https://", "http://")):
        parts, revision = _of_address(source)
    else:
        parts, revision = _of_line(source.removeprefix(SCHEME))
    repo_type = None
    if parts[:1] in (["spaces"], ["models"]):
        repo_type = parts.pop(0)[:-1]
    if parts[:1] == ["datasets"]:
        raise CheckpointError(
            f"{shortened(source)!r} is a dataset; checkpoints lie in models and Spaces."
        )
    owner, name, *path = [*parts, "", ""][: max(2, len(parts))]
    if not _NAME.fullmatch(owner) or not _NAME.fullmatch(name) or ".." in owner + name:
        raise CheckpointError(
            f"{shortened(source)!r} names no repository; write hf://owner/name[@revision][/file]."
        )
    if revision is not None and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise CheckpointError(
            f"{shortened(source)!r} has no revision that the Hub could know; give a branch, tag or commit."
        )
    for part in path:
        check_part(part, source)
    return HubPlace(f"{owner}/{name}", repo_type, revision, "/".join(path) or None)


def check_part(part: str, said: str) -> None:
    """Raise CheckpointError for a part of a path that could lead out of its folder, or deceive a reader."""
    odd = any(unicodedata.category(letter).startswith("C") for letter in part)
    if part in ("", ".", "..") or "\\" in part or ":" in part or odd or len(part.encode()) > 255:
        raise CheckpointError(
            f"{shortened(said)!a} holds the path part {shortened(part)!a}, which is not followed; "
            "give a file within the repository."
        )


def is_commit(revision: str | None) -> bool:
    return revision is not None and bool(_COMMIT.fullmatch(revision))


def _of_address(source: str) -> tuple[list[str], str | None]:
    parts = [unquote(part) for part in urlsplit(source).path.split("/") if part]
    skip = 1 if parts[:1] in (["spaces"], ["models"]) else 0
    head, rest = parts[: skip + 2], parts[skip + 2 :]
    if rest and rest[0] in ("tree", "blob", "resolve", "raw", "commit") and len(rest) > 1:
        special = "/".join(rest[1:4])
        if _SPECIAL.fullmatch(special):
            return head + rest[4:], special
        return head + rest[2:], rest[1]
    return head, None


def _of_line(line: str) -> tuple[list[str], str | None]:
    before, at, after = line.partition("@")
    parts = before.split("/")
    if not at:
        return parts, None
    special = _SPECIAL.match(after)
    revision = special[0] if special else after.partition("/")[0]
    rest = after[len(revision) :].removeprefix("/")
    return parts + (rest.split("/") if rest else []), revision
