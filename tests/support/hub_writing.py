"""A Hub on loopback to which Spaces can be brought: who is it, create, commit, variables, hardware.

with WritableHub() as server:
    server.writers["hf_ada"] = "ada"
    api = HfApi(endpoint=server.endpoint, token="hf_ada")
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.support.hub import Handler, LoopbackHub, Repo, Route

ATTRIBUTES = ".gitattributes"


@dataclass
class Running:
    """What a Space runs on, and with."""

    hardware: str = "cpu-basic"
    variables: dict[str, str] = field(default_factory=dict)


class WritableHub(LoopbackHub):
    """Takes Spaces from those in `writers`, by token; the tokens in `readers` may only read."""

    def __init__(self) -> None:
        self.writers: dict[str, str] = {}
        self.readers: dict[str, str] = {}
        self.running: dict[str, Running] = {}
        self.large: tuple[str, ...] = ()
        """How the names end of the files that are stored beside the repository, as weights are."""
        self.messages: list[str] = []
        """Of the commits, in their order."""
        super().__init__()

    @property
    def handler(self) -> type[Handler]:
        return _Writing

    def space(self, repo_id: str) -> dict[str, bytes]:
        """The files that a Space holds now, less what the Hub put there."""
        repo = self.repos["space", repo_id]
        files = repo.commits[repo.refs["main"]]
        return {path: data for path, data in files.items() if path != ATTRIBUTES}

    def make(self, repo_id: str, token: str | None, private: bool = True) -> Repo:
        """A Space as the Hub makes it: with the file that says what is large."""
        kept = token if private else None
        self.put(repo_id, {ATTRIBUTES: b"*.bin lfs"}, "space", private=private, token=kept)
        self.running[repo_id] = Running()
        return self.repos["space", repo_id]


class _Writing(Handler):
    hub: WritableHub

    def routes(self) -> list[Route]:
        return [*_ROUTES, *super().routes()]

    @property
    def who(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def writes(self, owner: str) -> bool:
        """Whether who asks may write there; otherwise the answer was given."""
        if self.hub.writers.get(self.who) == owner:
            return True
        self.says(403, "You have no write access here.")
        return False

    def says(self, code: int, sentence: str) -> None:
        self.reply(code, json.dumps({"error": sentence}).encode(), {"X-Error-Message": sentence})

    def whoami(self) -> None:
        name = (self.hub.writers | self.hub.readers).get(self.who)
        if name is None:
            self.says(401, "Invalid username or password.")
        else:
            self.json({"type": "user", "name": name, "orgs": []})

    def create(self) -> None:
        asked = json.loads(self.body)
        name = f"{asked['organization']}/{asked['name']}"
        if not self.writes(asked["organization"]):
            return
        if ("space", name) in self.hub.repos:
            self.says(409, "You already created this space.")
            return
        self.hub.make(name, self.who, asked.get("visibility") == "private")
        running = self.hub.running[name]
        running.hardware = asked.get("hardware", running.hardware)
        running.variables = {each["key"]: each["value"] for each in asked.get("variables", [])}
        self.json({"url": f"{self.hub.endpoint}/spaces/{name}"})

    def validate(self) -> None:
        self.json({"errors": [], "warnings": []})

    def preupload(self, owner: str, name: str) -> None:
        repo = self.repo("spaces", f"{owner}/{name}")
        at = repo and repo.at("main")
        if repo is None or at is None:
            return
        out = []
        for each in json.loads(self.body)["files"]:
            known = repo.entries.get((at[0], each["path"]), {})
            mode = "lfs" if each["path"].endswith(self.hub.large) else "regular"
            about = {"uploadMode": mode, "shouldIgnore": False, "oid": known.get("oid")}
            out.append({"path": each["path"], **about})
        self.json({"files": out})

    def batch(self, owner: str, name: str) -> None:
        """Where to put large files; those that are there already are not asked for."""
        if self.repo("spaces", f"{owner}/{name}") is None or not self.writes(owner):
            return
        out = []
        for each in json.loads(self.body)["objects"]:
            place = {"upload": {"href": f"{self.hub.store}/put/{each['oid']}"}}
            known = each["oid"] in self.hub.stored
            out.append(each if known else {**each, "actions": place})
        self.json({"transfer": "basic", "objects": out})

    def put(self, digest: str) -> None:
        self.hub.stored[digest] = self.body
        self.reply(200, b"")

    def commit(self, owner: str, name: str) -> None:
        repo = self.repo("spaces", f"{owner}/{name}")
        if repo is None or not self.writes(owner):
            return
        lines = [json.loads(line) for line in self.body.splitlines()]
        head = next(line["value"] for line in lines if line["key"] == "header")
        if head.get("parentCommit", repo.refs["main"]) != repo.refs["main"]:
            self.says(412, "A commit has happened since.")
            return
        files = dict(repo.commits[repo.refs["main"]])
        for line in lines:
            value: dict[str, Any] = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.stored[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        self.hub.messages.append(head["summary"])
        oid = self.hub.put(f"{owner}/{name}", files, "space")
        address = f"{self.hub.endpoint}/spaces/{owner}/{name}/commit/{oid}"
        self.json({"success": True, "commitOid": oid, "commitUrl": address, "hookOutput": ""})

    def variables(self, owner: str, name: str) -> None:
        if self.repo("spaces", f"{owner}/{name}") is None:
            return
        variables = self.hub.running[f"{owner}/{name}"].variables
        if self.command == "POST":
            if not self.writes(owner):
                return
            asked = json.loads(self.body)
            variables[asked["key"]] = asked["value"]
        self.json({key: {"value": value} for key, value in variables.items()})

    def runtime(self, owner: str, name: str) -> None:
        if self.repo("spaces", f"{owner}/{name}") is not None:
            self.running_on(self.hub.running[f"{owner}/{name}"])

    def hardware(self, owner: str, name: str) -> None:
        if self.repo("spaces", f"{owner}/{name}") is not None and self.writes(owner):
            running = self.hub.running[f"{owner}/{name}"]
            running.hardware = json.loads(self.body)["flavor"]
            self.running_on(running)

    def running_on(self, running: Running) -> None:
        hardware = {"current": running.hardware, "requested": running.hardware}
        self.json({"stage": "RUNNING", "hardware": hardware})


_SPACE = "/api/spaces/(?P<owner>[^/]+)/(?P<name>[^/]+)"
_ROUTES: list[Route] = [
    (re.compile("/api/whoami-v2"), _Writing.whoami),
    (re.compile("/api/repos/create"), _Writing.create),
    (re.compile("/api/validate-yaml"), _Writing.validate),
    (re.compile(f"{_SPACE}/preupload/main"), _Writing.preupload),
    (re.compile(f"{_SPACE}/commit/main"), _Writing.commit),
    (re.compile(f"{_SPACE.removeprefix('/api')}.git/info/lfs/objects/batch"), _Writing.batch),
    (re.compile("/put/(?P<digest>[0-9a-f]+)"), _Writing.put),
    (re.compile(f"{_SPACE}/variables"), _Writing.variables),
    (re.compile(f"{_SPACE}/runtime"), _Writing.runtime),
    (re.compile(f"{_SPACE}/hardware"), _Writing.hardware),
]
