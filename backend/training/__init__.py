"""The recipe that makes the base and the ARR-COC heads that ship with vlmscope."""
