"""Kinds of variants: how each chooses image tokens."""

from vlmscope.variants.context import Context
from vlmscope.variants.registry import Kind, find_kind, kind_names, kinds, make_kind, register

__all__ = ["Context", "Kind", "find_kind", "kind_names", "kinds", "make_kind", "register"]
