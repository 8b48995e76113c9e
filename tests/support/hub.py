"""A Hub on loopback, as far as its real client asks: repositories, commits, ranges, and faults on demand.

    with LoopbackHub() as server:
        commit = server.put("owner/name", {"a.safetensors": b"..."})
        hub = Hub(endpoint=server.endpoint, cache=folder)

Files of LFS (weights) are served by a second host, as the Hub's are.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from vlmscope.checkpoints.hub import Hub

LFS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
DATE = "2026-01-02T03:04:05.000Z"


@dataclass
class Repo:
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    gated: bool = False
    token: str | None = None
    """Who may read it: None for all."""
    private: bool = False
    unsafe: tuple[str, ...] = ()
    entries: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Files as they are listed, by commit and path."""

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        commit = self.refs.get(revision, revision)
        return (commit, self.commits[commit]) if commit in self.commits else None


Fault = Callable[["Handler"], bool]
"""Answers a request in its own way, and says whether it did."""


class LoopbackHub:
    """Serves while it is open. `requests` holds what was asked, with the token that came along."""

    @property
    def handler(self) -> type[Handler]:
        """What answers; a Hub that can do more has another."""
        return Handler

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.renamed: dict[str, str] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        self.faults: dict[str, Fault] = {}
        """By a part of the path that they answer for."""
        self.stored: dict[str, bytes] = {}
        self.sent = 0
        self.name = uuid.uuid4().hex
        """So that no two of them have the same commit, of which records are remembered."""
        self.is_down = False
        self._servers = [self._server() for _ in range(2)]
        self.endpoint, self.store = (
            f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers
        )

    def put(
        self,
        repo_id: str,
        files: dict[str, bytes],
        repo_type: str = "model",
        revision: str = "main",
        **settings: Any,
    ) -> str:
        """A new commit with these files; gives its hash."""
        repo = self.repos.setdefault((repo_type, repo_id), Repo())
        for name, value in settings.items():
            setattr(repo, name, value)
        named = json.dumps([self.name, repo_id, repo_type, len(repo.commits), sorted(files)])
        commit = hashlib.sha1(named.encode()).hexdigest()
        repo.commits[commit] = files
        for path, data in files.items():
            about = repo.entries[commit, path] = entry(path, data)
            if "lfs" in about:
                self.stored[about["lfs"]["oid"]] = data
        repo.refs[revision] = commit
        return commit

    def asked(self, part: str) -> list[str]:
        """Methods and paths of the requests so far with this in their path."""
        return [f"{method} {path}" for method, path, _ in self.requests if part in path]

    def _server(self) -> ThreadingHTTPServer:
        handler = type("Handler", (self.handler,), {"hub": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def close(self) -> None:
        """As a Hub that goes down: connections that are open end too."""
        self.is_down = True
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hub_of(server: LoopbackHub, cache: Path, **settings: Any) -> Hub:
    """The Hub as a process has it that keeps its files in `cache`."""
    return Hub(
        **{"endpoint": server.endpoint, "cache": cache, "token": False, "seconds": 5, **settings}
    )


# ---- faults


def status(code: int, **headers: str) -> Fault:
    def answer(handler: Handler) -> bool:
        handler.reply(code, b"{}", {key.replace("_", "-"): value for key, value in headers.items()})
        return True

    return answer


def slow(seconds: float) -> Fault:
    def answer(handler: Handler) -> bool:
        time.sleep(seconds)
        return False

    return answer


def cut_after(count: int, times: int = 1) -> Fault:
    """The first so many answers end after `count` bytes, and the connection with them."""
    left = [times]

    def answer(handler: Handler) -> bool:
        if handler.command != "GET" or left[0] <= 0:
            return False
        left[0] -= 1
        handler.cut = count
        return False

    return answer


def slowly(server: LoopbackHub, part: str = "/store/", piece: int = 100_000) -> None:
    """Answers for a part of the path come in pieces, a moment apart."""

    def answer(handler: Handler) -> bool:
        handler.piece = piece
        return False

    server.faults[part] = answer


def stuck_after(count: int, until: Event) -> Fault:
    """Answers stop after `count` bytes, and their connection stays open until it is over."""

    def answer(handler: Handler) -> bool:
        handler.stuck = (count, until)
        return False

    return answer


def says(body: bytes, code: int = 200, **headers: str) -> Fault:
    """A body of one's own, and headers with `_` for `-`."""

    def answer(handler: Handler) -> bool:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        handler.reply(code, body, {"Content-Type": "application/json", **named})
        return True

    return answer


def endless(ended: Event) -> Fault:
    """An answer without an end, until who asked has left."""

    def answer(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.close_connection = True
        try:
            while True:
                handler.wfile.write(b" " * 100_000)
        except OSError:
            ended.set()
        return True

    return answer


def corrupt(handler: Handler) -> bool:
    handler.spoil = True
    return False


def without_ranges(handler: Handler) -> bool:
    handler.whole = True
    return False


def hang_up(handler: Handler) -> bool:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
    return True


class Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    protocol_version = "HTTP/1.1"
    cut: int | None = None
    spoil = False
    whole = False
    piece: int | None = None
    stuck: tuple[int, Event] | None = None
    body = b""

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    do_HEAD = do_POST = do_PUT = do_GET

    def answer(self) -> None:
        self.cut, self.spoil, self.whole = None, False, False
        self.piece, self.stuck = None, None
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization")
        if self.hub.is_down:
            hang_up(self)
            return
        self.hub.requests.append((self.command, path, token))
        for part, fault in list(self.hub.faults.items()):
            if part in path and fault(self):
                return
        for pattern, act in self.routes():
            found = pattern.fullmatch(path)
            if found:
                act(self, **found.groupdict())
                return
        self.reply(404, b"{}")

    def routes(self) -> list[Route]:
        return _ROUTES

    def repo(self, kind: str | None, repo_id: str) -> Repo | None:
        """The repository that may be read; otherwise the answer was given."""
        repo_type = (kind or "models").rstrip("/").removesuffix("s")
        moved = self.hub.renamed.get(repo_id)
        if moved is not None:
            self.reply(307, b"", {"Location": self.path.replace(repo_id, moved)})
            return None
        repo = self.hub.repos.get((repo_type, repo_id))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if repo is None or (repo.token is not None and not repo.gated and repo.token != token):
            self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return None
        if repo.gated and repo.token != token:
            self.reply(403, b"{}", {"X-Error-Code": "GatedRepo"})
            return None
        return repo

    def info(self, kind: str, repo: str, revision: str | None = None) -> None:
        found = self.repo(kind, repo)
        at = found and found.at(revision or "main")
        if found is None:
            return
        if at is None:
            self.reply(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return
        commit, files = at
        about = {
            **{"_id": "1", "id": repo, "modelId": repo, "sha": commit, "private": found.private},
            **{"lastModified": DATE, "tags": [], "downloads": 0, "likes": 0, "gated": False},
            "siblings": [{"rfilename": path} for path in files],
        }
        self.json(about)

    def tree(self, kind: str, repo: str, revision: str, path: str | None = None) -> None:
        found = self.repo(kind, repo)
        at = found and found.at(revision)
        if found is None:
            return
        if at is None:
            self.reply(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return
        self.json([found.entries[at[0], path] for path in at[1]])

    def paths(self, kind: str, repo: str, revision: str) -> None:
        found = self.repo(kind, repo)
        at = found and found.at(revision)
        if found is None or at is None:
            return
        asked = parse_qs(self.body.decode())
        out = []
        for path in asked.get("paths", []):
            if path in at[1]:
                state = "unsafe" if path in found.unsafe else "safe"
                scan = {"status": state, "avScan": None, "pickleImportScan": None}
                commit = {"id": at[0], "title": "a", "date": DATE}
                more = {"lastCommit": commit, "securityFileStatus": scan}
                out.append(found.entries[at[0], path] | more)
        self.json(out)

    def resolve(self, repo: str, revision: str, path: str, kind: str | None = None) -> None:
        found = self.repo(kind, repo)
        at = found and found.at(revision)
        if found is None:
            return
        if at is None or path not in at[1]:
            code = "RevisionNotFound" if at is None else "EntryNotFound"
            self.reply(404, b"", {"X-Error-Code": code})
            return
        commit, files = at
        about = found.entries[commit, path]
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if "lfs" not in about:
            self.data(files[path], headers | {"ETag": f'"{about["oid"]}"'})
            return
        headers |= {
            "X-Linked-Size": str(about["size"]),
            "X-Linked-Etag": f'"{about["lfs"]["oid"]}"',
            "Location": f"{self.hub.store}/store/{about['lfs']['oid']}",
        }
        self.reply(302, b"", headers)

    def stored(self, digest: str) -> None:
        data = self.hub.stored.get(digest)
        if data is None:
            self.reply(404, b"")
        else:
            self.data(data, {"ETag": f'"{digest}"', "Accept-Ranges": "bytes"})

    def data(self, data: bytes, headers: dict[str, str]) -> None:
        if self.spoil:
            data = bytes([data[0] ^ 1]) + data[1:]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None or self.whole:
            self.reply(200, data, headers)
            return
        start, end = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
        headers |= {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
        self.reply(206, data[start : end + 1], headers)

    def json(self, value: object) -> None:
        self.reply(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def reply(self, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = body if self.cut is None else body[: self.cut]
        if self.stuck is not None:
            sent = body[: self.stuck[0]]
        try:
            for start in range(0, len(sent), self.piece or len(sent) or 1):
                some = sent[start : start + (self.piece or len(sent))]
                self.wfile.write(some)
                self.hub.sent += len(some)
                if self.piece:
                    time.sleep(0.02)
        except ConnectionError:  # who asked has left
            self.close_connection = True
            return
        if self.stuck is not None:
            self.wfile.flush()
            self.stuck[1].wait(60)
        if len(sent) < len(body):
            self.wfile.flush()
            hang_up(self)


def entry(path: str, data: bytes) -> dict[str, Any]:
    """A file as the Hub lists it."""
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    out: dict[str, Any] = {"type": "file", "oid": oid, "size": len(data), "path": path}
    if path.endswith(LFS):
        sha = hashlib.sha256(data).hexdigest()
        out["lfs"] = {"oid": sha, "size": len(data), "pointerSize": 134}
    return out


Route = tuple[re.Pattern[str], Any]

_ROUTES: list[Route] = [
    (re.compile(r"/api/(?P<kind>models|spaces)/(?P<repo>[^/]+/[^/]+)"), Handler.info),
    (
        re.compile(r"/api/(?P<kind>models|spaces)/(?P<repo>[^/]+/[^/]+)/revision/(?P<revision>.+)"),
        Handler.info,
    ),
    (
        re.compile(
            r"/api/(?P<kind>models|spaces)/(?P<repo>[^/]+/[^/]+)/tree/(?P<revision>[^/]+)(/(?P<path>.+))?"
        ),
        Handler.tree,
    ),
    (
        re.compile(
            r"/api/(?P<kind>models|spaces)/(?P<repo>[^/]+/[^/]+)/paths-info/(?P<revision>[^/]+)"
        ),
        Handler.paths,
    ),
    (
        re.compile(
            r"/(?P<kind>spaces/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)"
        ),
        Handler.resolve,
    ),
    (re.compile(r"/store/(?P<digest>[0-9a-f]+)"), Handler.stored),
]
