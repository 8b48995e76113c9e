"""`internals`: what goes on in an ARR-COC head for one image and one question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from vlmscope.engine.base import SharedBase
from vlmscope.engine.compare import parse_variants, prepared
from vlmscope.engine.options import check_query
from vlmscope.engine.work import FEWER, Sight, Work, sentence
from vlmscope.values.errors import InputError, VariantError, VlmscopeError, shown
from vlmscope.values.internals import Internals
from vlmscope.values.variant import Variant
from vlmscope.variants.arr_coc_head import PROBES, ArrCocHead
from vlmscope.variants.registry import make_kind

T = TypeVar("T")

MOST_QUERIES = 32


def internals(
    base: SharedBase,
    image: Any,
    query: str,
    variant: Variant | str,
    *,
    other_queries: Sequence[str] = PROBES,
    **options: Any,
) -> Internals:
    """The scores, weights, texture and selection of an ARR-COC variant, and how it hears the question.

    The head is asked `other_queries` about the same image too (up to 32; the asked one and repeated
    ones are left out), and what it would keep is compared. Neither the vision tower nor the language
    model runs; an adapter of the variant changes nothing here and is not loaded. Takes the options of
    `compare` and raises what it raises, InputError for a variant that is no ARR-COC one,
    CheckpointError for a head that cannot be loaded. Each question is one step on the device:
    comparisons that run go on between two.
    """
    (parsed,) = parse_variants([variant])
    kind = make_kind(parsed)
    if not isinstance(kind, ArrCocHead):
        raise InputError(
            f"{shown(str(parsed))} has no ARR-COC head to look into; "
            "give a variant such as arr-coc:FILE."
        )
    others = _checked(other_queries, query)
    work = prepared(base, image, query, [parsed], options)
    try:
        return _explained(work, kind, others)
    except VlmscopeError:
        raise
    except Exception as error:
        raise VariantError(sentence(parsed.title, error, FEWER)) from error


def _explained(work: Work, kind: ArrCocHead, others: Sequence[str]) -> Internals:
    base = work.base
    base.local(kind.variant.source or "", work.asked_to_stop)  # a download holds up nobody else
    context = work.context(base.head, Sight(base), base.plain)

    def in_turn(step: Callable[[], T]) -> T:
        with base.turn:
            return step()

    def ask(other: str):
        return work.roomily(lambda: in_turn(lambda: kind.ask(context, seen, other)))

    seen = work.roomily(lambda: in_turn(lambda: kind.look(context)))
    return kind.explained(context.query, seen, [ask(other) for other in others])


def _checked(queries: Sequence[str], asked: str) -> list[str]:
    """The other questions, each once and none the asked one; raises InputError."""
    if isinstance(queries, str):
        raise InputError(f"other_queries={shown(queries)} is one text; give a list of questions.")
    given = [check_query(query) for query in queries]
    if len(given) > MOST_QUERIES:
        raise InputError(
            f"{len(given)} other questions are too many at once; give at most {MOST_QUERIES}."
        )
    return [query for query in dict.fromkeys(given) if query != asked]
