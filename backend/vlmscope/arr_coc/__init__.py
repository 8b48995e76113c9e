"""ARR-COC's own arithmetic: texture, three scores, balancer (djwar42/arr-coc-0-1, v0.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vlmscope.arr_coc.head import ArrCoc, Scores, information
    from vlmscope.arr_coc.texture import texture_array

__all__ = ["ArrCoc", "Scores", "information", "texture_array"]


def __getattr__(name: str) -> Any:
    """Imported when first asked for: which tensors a head has can be known without torch."""
    if name not in __all__:
        raise AttributeError(f"module 'vlmscope.arr_coc' has no attribute {name!r}")
    from vlmscope.arr_coc import head, texture

    return getattr(texture if name == "texture_array" else head, name)
