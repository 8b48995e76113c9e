"""ARR-COC's own arithmetic: texture, three scores, balancer (djwar42/arr-coc-0-1, v0.1)."""

from vlmscope.arr_coc.head import ArrCoc, Scores, information
from vlmscope.arr_coc.texture import texture_array

__all__ = ["ArrCoc", "Scores", "information", "texture_array"]
