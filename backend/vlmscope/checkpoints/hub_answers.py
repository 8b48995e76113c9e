"""What the Hub says in JSON, held against what it can be: bounded pages, names, sizes, hashes and dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from vlmscope.checkpoints.hub_errors import nonsense, not_the_hub
from vlmscope.checkpoints.hub_pinned import HubFile
from vlmscope.checkpoints.hub_place import HubPlace, check_path, is_commit, is_repo_id
from vlmscope.checkpoints.hub_wait import Wait
from vlmscope.checkpoints.hub_wire import Answer, Wire
from vlmscope.values import strict_json
from vlmscope.values.errors import CheckpointError, plain, shown

MAX_ANSWER = 6 * 2**20
"""Bytes of one answer: the Hub's pages of a thousand files take less than one."""
MAX_PAGES = 100
MAX_FILES = 20_000
MAX_SIZE = 2**50
MAX_DEPTH = 16
_GIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def asked(
    wire: Wire, url: str, place: HubPlace, wait: Wait, data: Mapping[str, Any] | None = None
) -> Any:
    """The JSON of one answer."""
    with wire.opened(url, place, wait, data=data) as answer:
        return _json(answer, place)


def pages(wire: Wire, url: str, place: HubPlace, wait: Wait) -> Iterator[list[Any]]:
    """The lists of an answer in pages, which follow each other at the same address alone."""
    path = urlsplit(url).path
    for _ in range(MAX_PAGES):
        with wire.opened(url, place, wait) as answer:
            page, following, at = _json(answer, place), answer.next, answer.url
        if not isinstance(page, list):
            raise nonsense(place, "no list")
        yield page
        if following is None:
            return
        try:
            url = urljoin(at, following)
            is_here = wire.is_home(url) and urlsplit(url).path in (path, urlsplit(at).path)
        except ValueError:
            is_here = False
        if not is_here:
            raise nonsense(place, "a next page elsewhere, which is not followed")
    raise nonsense(place, f"more than {MAX_PAGES} pages")


def _json(answer: Answer, place: HubPlace) -> Any:
    if answer.is_html:
        raise not_the_hub(place, "a web page")
    data = bytearray()
    for piece in answer.pieces:
        data += piece
        if len(data) > MAX_ANSWER:
            raise nonsense(place, f"more than {MAX_ANSWER // 2**20} MiB where a list was asked for")
    try:
        return strict_json.loads(bytes(data), MAX_DEPTH)
    except (ValueError, RecursionError):
        raise not_the_hub(place, "something that speaks no JSON") from None


def pin_of(said: Any, place: HubPlace) -> tuple[str, str]:
    """The name and the commit that a repository says it has."""
    name = said.get("id") if isinstance(said, dict) else None
    commit = said.get("sha") if isinstance(said, dict) else None
    if not isinstance(name, str) or not is_repo_id(name):
        raise nonsense(place, "no name of a repository")
    if commit is None:
        raise CheckpointError(f"{place} has no commit yet; give a repository with files.")
    if not is_commit(commit) or (is_commit(place.revision) and place.revision != commit):
        raise nonsense(place, f"{shown(commit)} where a commit should be")
    return name, commit


def files_of(page: list[Any], place: HubPlace) -> Iterator[HubFile]:
    """The files of a page; one whose name could lead out of its folder is none of a checkpoint's."""
    for entry in page:
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            raise nonsense(place, f"{shown(entry)} where a file should be")
        if entry.get("type") != "file":
            continue
        path, size = entry["path"], entry.get("size")
        try:
            check_path(path.split("/"), path)
        except CheckpointError:
            continue
        if type(size) is not int or not 0 <= size < MAX_SIZE:
            raise nonsense(place, f"{shown(size)} where the bytes of {plain(path, 100)} should be")
        yield HubFile(path, size, _digest(entry, path, place))


def _digest(entry: dict[str, Any], path: str, place: HubPlace) -> str:
    """A file's hash, which names it in the cache."""
    lfs = entry.get("lfs")
    kind, pattern = ("sha1", _GIT) if lfs is None else ("sha256", _SHA256)
    digest = entry.get("oid") if lfs is None else lfs.get("oid") if isinstance(lfs, dict) else lfs
    if not isinstance(digest, str) or not pattern.fullmatch(digest):
        raise nonsense(place, f"{shown(digest)} where the hash of {plain(path, 100)} should be")
    return f"{kind}:{digest}"


def dated(file: HubFile, said: Any) -> HubFile:
    """The file with the time of its last commit, and whether the Hub's own scan warns, as far as said."""
    if not isinstance(said, dict):
        return file
    commit, scan = said.get("lastCommit"), said.get("securityFileStatus")
    text = commit.get("date") if isinstance(commit, dict) else None
    try:
        when = datetime.fromisoformat(text).isoformat(timespec="milliseconds")  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        when = None
    unsafe = isinstance(scan, dict) and scan.get("status") == "unsafe"
    return replace(file, modified=when, unsafe=unsafe)
