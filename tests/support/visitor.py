"""Someone who speaks to the running app over HTTP by hand: as a page does, or as no page would."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import gradio as gr
import httpx

PATIENCE = 120.0


@dataclass(frozen=True)
class Told:
    """What the server said: its status, the messages, and the last values by their components."""

    status: int
    text: str
    is_done: bool = False
    outputs: dict[Any, Any] = field(default_factory=dict)

    @property
    def html(self) -> str:
        """All that it gave to be shown as HTML."""
        values = [value for block, value in self.outputs.items() if isinstance(block, gr.HTML)]
        texts = (each.get("value") if isinstance(each, dict) else each for each in values)
        return "\n".join(text for text in texts if isinstance(text, str))

    @property
    def said(self) -> str:
        """What the HTML says to a reader, or the error's sentence."""
        return _Reader.read(self.html).text if self.is_done else _error(self.text)


@dataclass
class Visitor:
    """One page of someone's, or a program; `sent` has the places of the files that were uploaded."""

    page: gr.Blocks
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    key: str = ""
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.web = httpx.Client(base_url=f"{self.page.local_url}gradio_api/", timeout=PATIENCE)

    def comes(self, key: str | None = None) -> Visitor:
        """Open the page, as the browser whose key this is, else as a new one."""
        told = self.does("greet", "page", browserstate=key)
        self.key = json.loads(told.text)["data"][0]
        return self

    def sends(self, content: bytes | Path, name: str = "") -> dict[str, Any]:
        """Upload a file, and name it as a client does."""
        raw = content.read_bytes() if isinstance(content, Path) else content
        name = name or (content.name if isinstance(content, Path) else "scene.png")
        answer = self.web.post("upload", files={"files": (name, raw)})
        answer.raise_for_status()
        (place,) = answer.json()
        self.sent.append(place)
        return named(place)

    def compares(self, image: Any, question: Any = "What?", **rest: Any) -> Told:
        """Through the endpoint for programs; the last word of it."""
        given = {"variants": ["baseline"], "expected": "", "budget": 50, "mode": "together"} | rest
        longest = given.pop("max_new_tokens", 4)
        begun = self.begins("compare", [image, question, *given.values(), longest])
        return self.ends("compare", begun) if begun.status_code == 200 else _refused(begun)

    def begins(self, api: str, data: list[Any]) -> httpx.Response:
        """Ask an endpoint, and do not wait for it."""
        return self.web.post(f"call/{api}", json={"data": data})

    def ends(self, api: str, begun: httpx.Response) -> Told:
        """Wait for what was asked."""
        ended = self.web.get(f"call/{api}/{begun.json()['event_id']}")
        event, _, data = ended.text.strip().rsplit("\n\n", 1)[-1].partition("\n")
        return Told(ended.status_code, data.removeprefix("data: "), event == "event: complete")

    def does(
        self, name: str, module: str, event: Any = None, query: str = "", **given: Any
    ) -> Told:
        """What the page does on an event, by its function; fields are named by id, label or kind."""
        fn = self.function(name, module)
        data = [_given(block, given) for block in fn.inputs]
        assert not given, f"no fields {list(given)} among {[_names(b) for b in fn.inputs]}"
        return self.asks(fn, data, event, query)

    def asks(self, fn: Any, data: list[Any], event: Any = None, query: str = "") -> Told:
        """An event with these values in the order of its inputs."""
        body = {"data": data, "fn_index": fn._id, "session_hash": self.session, "event_data": event}
        if not fn.queue:
            answer = self.web.post(f"run/predict{query}", json=body)
            return self._told(fn, answer.status_code, answer.text, answer.json())
        answer = self.web.post(f"queue/join{query}", json=body)
        if answer.status_code != 200:
            return _refused(answer)
        text = self._last_message()
        last = json.loads(text)
        output = last.get("output") or {}
        told = self._told(fn, 200, text, output)
        return told if last.get("success") else Told(200, json.dumps(output))

    def function(self, name: str, module: str) -> Any:
        """The page's function of an event; `module` may be an endpoint's name instead."""
        found = [
            each
            for each in self.page.fns.values()
            if module == each.api_name
            or (getattr(each.fn, "__name__", ""), getattr(each.fn, "__module__", ""))
            == (name, module)
        ]
        assert found, f"the page has no {module}.{name}"
        return found[0]

    def _last_message(self) -> str:
        """The message that ends an event, which has all that it gave."""
        text = ""
        with self.web.stream("GET", "queue/data", params={"session_hash": self.session}) as stream:
            for part in stream.iter_text():
                # Not line by line: httpx would end one within a text too, at U+2028.
                *whole, text = (text + part).split("\n\n")
                for message in whole:
                    if '"process_completed"' in message or '"unexpected_error"' in message:
                        return message.removeprefix("data: ")
        raise AssertionError(f"the stream ended with {text!r}")

    def _told(self, fn: Any, status: int, text: str, output: dict[str, Any]) -> Told:
        values = output.get("data") or []
        outputs = dict(zip(fn.outputs, values, strict=False))
        return Told(status, text, status == 200 and "data" in output, outputs)


def named(place: str) -> dict[str, Any]:
    """A file of the server as a client names it that has sent it, or says so."""
    return {"path": place, "meta": {"_type": "gradio.FileData"}}


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every element that some HTML makes, with its attributes."""
    return _Reader.read(html).elements


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    @classmethod
    def read(cls, html: str) -> _Reader:
        reader = cls()
        reader.feed(html)
        reader.close()
        return reader

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _refused(answer: httpx.Response) -> Told:
    return Told(answer.status_code, answer.text)


def _error(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return text
    for name in ("error", "detail"):
        if isinstance(told, dict) and name in told:
            return str(told[name] or "")
    return str(told or "")


def _names(block: Any) -> set[str]:
    names = (getattr(block, "elem_id", None), getattr(block, "label", None), type(block).__name__)
    return {str(name).lower().replace("-", "_") for name in names if name}


def _given(block: Any, given: dict[str, Any]) -> Any:
    for name in sorted(_names(block), key=len, reverse=True):
        if name in given:
            return given.pop(name)
    if isinstance(block, gr.State | gr.BrowserState):
        return None
    value = getattr(block, "value", None)
    if value is None and isinstance(block, gr.Textbox):
        return ""
    if value is None and isinstance(block, gr.CheckboxGroup):
        return []
    return value
