"""Kinds of variants, by name: those that ship, and those of installed packages.

A package adds a kind with an entry point in the group `vlmscope.variants`: its name is the kind,
its object a class that satisfies `Kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import ClassVar, Protocol

from vlmscope.values.errors import InputError
from vlmscope.values.plan import Plan
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context

GROUP = "vlmscope.variants"

_BUILT_IN = {
    "baseline": "vlmscope.variants.baseline:Baseline",
    "lora": "vlmscope.variants.lora:Lora",
    "arr-coc": "vlmscope.variants.arr_coc_head:ArrCocHead",
    "divprune": "vlmscope.variants.divprune:DivPrune",
    "random": "vlmscope.variants.random:Random",
    "uniform": "vlmscope.variants.uniform:Uniform",
    "downsample": "vlmscope.variants.downsample:Downsample",
    "saliency": "vlmscope.variants.saliency:Saliency",
    "center": "vlmscope.variants.center:Center",
    "pool": "vlmscope.variants.pool:Pool",
}


class Kind(Protocol):
    """A way to choose image tokens.

    `options` names the options it understands; `source` says whether it needs a SOURCE. Made anew
    for each variant; making it raises InputError for options it cannot use.
    """

    summary: ClassVar[str]
    options: ClassVar[frozenset[str]]
    source: ClassVar[bool]

    def __init__(self, variant: Variant) -> None: ...

    def plan(self, context: Context) -> Plan:
        """Decide which token carries which cell; raises InputError or CheckpointError."""
        ...


_registered: dict[str, type[Kind]] = {}


def register(name: str, kind: type[Kind]) -> None:
    """Add a kind by name in this process; raises InputError when the name is taken."""
    if name in _BUILT_IN or _registered.get(name, kind) is not kind:
        raise InputError(f"A kind {name!r} is there already; choose another name.")
    _registered[name] = kind


def unregister(name: str) -> None:
    """Forget a kind that `register` added."""
    _registered.pop(name, None)


def kind_names() -> tuple[str, ...]:
    """Every kind that can be named here, those that ship first."""
    others = {*_registered, *(point.name for point in entry_points(group=GROUP))}
    return (*_BUILT_IN, *sorted(others - _BUILT_IN.keys()))


def kinds() -> Mapping[str, type[Kind]]:
    """Every kind by name; one that fails to import is left out."""
    found = {}
    for name in kind_names():
        try:
            found[name] = find_kind(name)
        except InputError:
            continue
    return found


def find_kind(name: str) -> type[Kind]:
    """The class of a kind; raises InputError for an unknown one, naming those there are."""
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        return getattr(import_module(module), attribute)
    if name in _registered:
        return _registered[name]
    for point in entry_points(group=GROUP, name=name):
        try:
            return point.load()
        except Exception as error:  # someone else's package
            raise InputError(
                f"The kind {name!r} of {point.value} cannot be imported ({error}); reinstall it."
            ) from error
    raise InputError(
        f"{name!r} is no kind of variant here; choose one of {', '.join(kind_names())}."
    )


def make_kind(variant: Variant) -> Kind:
    """The variant's kind, checked against its options; raises InputError."""
    kind = find_kind(variant.kind)
    unknown = [name for name in variant.options if name not in kind.options]
    if unknown:
        known = ", ".join(sorted(kind.options)) or "none"
        raise InputError(f"{variant.kind!r} has no option {unknown[0]!r}; its options: {known}.")
    if variant.source is not None and not kind.source:
        raise InputError(
            f"{variant.kind!r} takes no source, and {variant.source!r} was given; leave it out."
        )
    if variant.source is None and kind.source:
        raise InputError(f"{variant.kind!r} needs a checkpoint; write {variant.kind}:FILE.")
    return kind(variant)
