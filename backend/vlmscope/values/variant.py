"""A `Variant`: what to run over the base, as plain data and as one line of text.

The line is `KIND`, `KIND:SOURCE[,name=value...]` or `KIND:name=value[,name=value...]`. A source or
a value with a comma, a double quote, or blanks at its ends is quoted; inside quotes a double quote
is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from vlmscope.values.errors import InputError, shown
from vlmscope.values.keep import DEFAULT_KEEP, Keep

_KIND = re.compile(r"[a-z][a-z0-9_.-]*", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*=")
_SHAPE = 'write KIND, KIND:SOURCE,name=value or KIND:name=value, such as "random:keep=50%,seed=3"'

_SPELLINGS = {"arr-coc": "ARR-COC", "lora": "LoRA", "divprune": "DivPrune"}


class VariantOptions(Mapping[str, str]):
    """A variant's options: an immutable, hashable mapping of text to text, `keep` first."""

    __slots__ = ("_items",)

    def __init__(self, options: Mapping[str, object] | VariantOptions = {}) -> None:  # noqa: B006
        pairs = ((str(name), _text(str(name), value)) for name, value in options.items())
        self._items = dict(sorted(pairs, key=lambda pair: (pair[0] != "keep", pair[0])))

    def __getitem__(self, name: str) -> str:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(tuple(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)


@dataclass(frozen=True)
class Variant:
    """One way to run the base: a kind, its source and its options.

    Options may be given as numbers and are kept as text. `id` and `title` are derived from the rest
    when not given. `adapters` are LoRA adapters beside
    the kind. Raises InputError for a budget that keeps nothing or is no number.
    """

    kind: str
    source: str | None = None
    options: Mapping[str, Any] = field(default_factory=VariantOptions)
    adapters: tuple[str, ...] = ()
    id: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise InputError(f"{self.kind!r} is no kind of variant; {_SHAPE}.")
        given = VariantOptions(self.options)
        for name in given:
            if not _NAME.fullmatch(name + "=") or name in ("id", "title", "lora"):
                raise InputError(f"{name!r} is no name for an option of {self.kind!r}; {_SHAPE}.")
        if "keep" in given:
            Keep.parse(given["keep"])
        for part in (self.source, self.id, self.title, *self.adapters, *given.values()):
            if part is not None and any(c in part for c in "\r\n\0"):
                raise InputError(f"{part!r} has a line break; a variant is one line of text.")
        object.__setattr__(self, "options", given)
        object.__setattr__(self, "source", self.source or None)
        object.__setattr__(self, "adapters", tuple(self.adapters))
        object.__setattr__(self, "id", self.id or _default_id(self))
        object.__setattr__(self, "title", self.title or _default_title(self))

    @classmethod
    def parse(cls, line: str) -> Variant:
        """Read one line of text; raises InputError with the line and the way out."""
        kind, colon, rest = line.strip().partition(":")
        if not _KIND.fullmatch(kind) or (colon and not rest.strip()):
            raise InputError(f"{line!r} is no variant; {_SHAPE}.")
        source: str | None = None
        pairs: dict[str, str] = {}
        for position, part in enumerate(_split(rest, line) if colon else ()):
            name = _NAME.match(part)
            if name is None:
                if position or not part:
                    raise InputError(f"{part!r} in {line!r} is no name=value; {_SHAPE}.")
                source = _unquote(part, line)
                continue
            key = name[0][:-1]
            if key in pairs:
                raise InputError(f"{key!r} is given twice in {line!r}; give it once.")
            text = part[name.end() :].strip()
            if not text:
                raise InputError(f"{key}= has no value in {line!r}; {_SHAPE}.")
            pairs[key] = _unquote(text, line)
        lora = pairs.pop("lora", None)
        return cls(
            kind=kind,
            source=source,
            id=pairs.pop("id", ""),
            title=pairs.pop("title", ""),
            adapters=(lora,) if lora else (),
            options=VariantOptions(pairs),
        )

    def __str__(self) -> str:
        parts = [] if self.source is None else [_quote(self.source, is_source=True)]
        parts += [f"{name}={_quote(value)}" for name, value in self.options.items()]
        parts += [f"lora={_quote(adapter)}" for adapter in self.adapters]
        bare = replace(self, id="", title="")
        if self.id != bare.id:
            parts.append(f"id={_quote(self.id)}")
        if self.title != bare.title:
            parts.append(f"title={_quote(self.title)}")
        return self.kind + (":" + ",".join(parts) if parts else "")

    @property
    def sources(self) -> tuple[str, ...]:
        """Every checkpoint that it names: its own source, and the adapters beside it."""
        return (*((self.source,) if self.source else ()), *self.adapters)

    @property
    def loras(self) -> tuple[str, ...]:
        """Every adapter that it runs with: a `lora` variant's own source, and those beside a kind."""
        return self.sources if self.kind == "lora" else self.adapters

    @property
    def keep(self) -> Keep:
        """The budget of image tokens, half of them unless told otherwise."""
        text = self.options.get("keep")
        return DEFAULT_KEEP if text is None else Keep.parse(text)


def with_unique_ids(variants: list[Variant]) -> list[Variant]:
    """The same variants, a repeated id made unique by a number at its end."""
    taken: set[str] = set()
    unique = []
    for variant in variants:
        candidate, n = variant.id, 2
        while candidate in taken:
            candidate, n = f"{variant.id}-{n}", n + 1
        taken.add(candidate)
        unique.append(variant if candidate == variant.id else replace(variant, id=candidate))
    return unique


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return value if isinstance(value, str) else repr(value)
    except ValueError:
        raise InputError(f"The option {name!r} cannot be {shown(value)}; give less.") from None


def _split(rest: str, line: str) -> list[str]:
    parts, current, quoted = [], "", False
    for character in rest:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    if quoted:
        raise InputError(f'{line!r} has a quote that does not end; write a quote inside as "".')
    return [*parts, current.strip()]


def _quote(text: str, is_source: bool = False) -> str:
    plain = text == text.strip() and not any(c in text for c in ',"') and text != ""
    if plain and not (is_source and _NAME.match(text)):
        return text
    return '"' + text.replace('"', '""') + '"'


def _unquote(text: str, line: str) -> str:
    if '"' not in text:
        return text
    inner = text[1:-1]
    if len(text) < 2 or text[0] != '"' or text[-1] != '"' or '"' in inner.replace('""', ""):
        raise InputError(f"{text!r} in {line!r} is quoted in part; quote it as a whole.")
    return inner.replace('""', '"')


def _stem(source: str) -> str:
    path = PurePath(source.rstrip("/").partition("@")[0] if "://" in source else source)
    known = path.suffix in (".safetensors", ".pt", ".pth", ".bin")
    if path.stem == "adapter_model" and path.parent.name:  # PEFT's name for every adapter's file
        return path.parent.name
    return (path.stem if known else path.name) or source


def _default_id(variant: Variant) -> str:
    parts = [variant.kind, *([_stem(variant.source)] if variant.source else [])]
    parts += [f"{name}{value}" for name, value in variant.options.items()]
    parts += [_stem(adapter) for adapter in variant.adapters]
    text = "-".join(parts).replace("%", "pct")
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text)


def _default_title(variant: Variant) -> str:
    parts = [_SPELLINGS.get(variant.kind, variant.kind.capitalize())]
    parts += [_stem(variant.source)] if variant.source else []
    for name, value in variant.options.items():
        parts.append(value.replace("%", " %") if name == "keep" else f"{name} {value}")
    parts += [f"LoRA {_stem(adapter)}" for adapter in variant.adapters]
    return " · ".join(parts)
