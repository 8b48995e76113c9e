"""Checkpoints made ready before the device is asked for: fetched from the Hub, checked, and held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress

from vlmscope.checkpoints.hub_errors import Interrupted
from vlmscope.engine.base import SharedBase
from vlmscope.values.errors import CheckpointError, InputError
from vlmscope.values.variant import Variant
from vlmscope.variants.arr_coc_head import ArrCocHead
from vlmscope.variants.registry import find_kind

Found = Mapping[str, str | CheckpointError]


@contextmanager
def ready(
    base: SharedBase, variants: Sequence[Variant], stop: Callable[[], bool] | None = None
) -> Iterator[Found]:
    """Where each checkpoint of the variants lies on this machine, or why it is refused.

    For `SharedBase.knowing`: whoever knows it asks neither the Hub nor the disk which file is meant. While
    this lasts, no file leaves the Hub's cache. Once `stop` is true no more is fetched, and what was not is
    left out, as is what fails in a way that is no checkpoint's fault.
    """
    found: dict[str, str | CheckpointError] = {}
    with ExitStack() as held:
        with suppress(Interrupted):
            for variant in variants:
                for source in variant.sources:
                    if source not in found:
                        _find(base, variant, source, stop, held, found)
        yield found


def _find(
    base: SharedBase,
    variant: Variant,
    source: str,
    stop: Callable[[], bool] | None,
    held: ExitStack,
    found: dict[str, str | CheckpointError],
) -> None:
    try:
        local = held.enter_context(base.held(source, stop))
        if source in variant.loras:
            base.check_adapter(local)
        elif _is_head(variant):
            base.check_head(local)
        found[source] = local
    except Interrupted:
        raise
    except CheckpointError as refused:
        found[source] = refused
    except Exception:  # whoever needs it meets the same fault, and says so
        return


def _is_head(variant: Variant) -> bool:
    try:
        return issubclass(find_kind(variant.kind), ArrCocHead)
    except (InputError, TypeError):
        return False
