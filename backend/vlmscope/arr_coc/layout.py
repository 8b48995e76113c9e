"""The exact keys and shapes of an ARR-COC head, and a report on tensors held against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vlmscope.values.errors import CheckpointError, plain

Shape = tuple[int, ...]

KNOWN_BASES = {2048: "Qwen3-VL-2B", 2560: "Qwen3-VL-4B", 4096: "Qwen3-VL-8B"}

MAX_ITEM = 120
"""Characters of a key that a refusal shows."""

_SCORER = "participatory_scorer."
_SCORER_SHORT = "partic_scorer."
_BASE = "base_model."
_WRAPPERS = ("module.", "_orig_mod.")


@dataclass(frozen=True)
class Mismatch:
    key: str
    expected: Shape
    found: Shape


@dataclass(frozen=True)
class Match:
    """How tensors compare with an ARR-COC head; keys are sorted.

    `hidden_size` is the size that the tensors themselves suggest, and `whole` whether they are a
    complete head for it, whatever base they were held against.
    """

    hidden_size: int | None
    whole: bool
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[Mismatch, ...]

    @property
    def exact(self) -> bool:
        return not (self.missing or self.unexpected or self.mismatched)


def expected_shapes(hidden_size: int) -> dict[str, Shape]:
    """The ten tensors of a head for a base of this hidden size."""
    texture, balancer = "participatory_scorer.texture_proj", "balancer.weight_predictor"
    return {
        f"{texture}.0.weight": (64, 13, 1, 1),
        f"{texture}.0.bias": (64,),
        f"{texture}.2.weight": (hidden_size, 64, 1, 1),
        f"{texture}.2.bias": (hidden_size,),
        f"{balancer}.0.weight": (128, 9 + hidden_size),
        f"{balancer}.0.bias": (128,),
        f"{balancer}.2.weight": (128, 128),
        f"{balancer}.2.bias": (128,),
        f"{balancer}.4.weight": (3, 128),
        f"{balancer}.4.bias": (3,),
    }


def own_key(key: str) -> str | None:
    """A checkpoint's key under the reference's name; None for the base's own weights.

    What wraps a module for training puts its own name before: `module.` (DistributedDataParallel),
    `_orig_mod.` (torch.compile).
    """
    for wrapper in _WRAPPERS:
        key = key.removeprefix(wrapper)
    if key.startswith(_BASE):
        return None
    if key.startswith(_SCORER_SHORT):
        return _SCORER + key[len(_SCORER_SHORT) :]
    return key


def hidden_size_of(shapes: Mapping[str, Shape]) -> int | None:
    """The hidden size of the base that a head's tensors belong to, if they say."""
    bias = shapes.get("participatory_scorer.texture_proj.2.bias")
    if bias is not None and len(bias) == 1 and bias[0] > 0:
        return bias[0]
    mixed = shapes.get("balancer.weight_predictor.0.weight")
    if mixed is not None and len(mixed) == 2 and mixed[1] > 9:
        return mixed[1] - 9
    return None


def match(shapes: Mapping[str, Shape], hidden_size: int | None = None) -> Match:
    """Hold tensors against a head for `hidden_size`, or for the size they themselves suggest."""
    suggested = hidden_size_of(shapes)
    size = suggested if hidden_size is None else hidden_size
    wanted = expected_shapes(size or 0)
    matched, mismatched = [], []
    for key in sorted(wanted.keys() & shapes.keys()):
        if shapes[key] == wanted[key]:
            matched.append(key)
        else:
            mismatched.append(Mismatch(key, wanted[key], shapes[key]))
    return Match(
        suggested,
        suggested is not None and dict(shapes) == expected_shapes(suggested),
        tuple(matched),
        tuple(sorted(wanted.keys() - shapes.keys())),
        tuple(sorted(shapes.keys() - wanted.keys())),
        tuple(mismatched),
    )


def fits(hidden_size: int | None) -> str | None:
    """Which base a head belongs to, in words."""
    if hidden_size is None:
        return None
    return KNOWN_BASES.get(hidden_size, f"hidden size {hidden_size}")


def refusal(name: str, report: Match, hidden_size: int | None = None) -> str:
    """One sentence on why these tensors are refused, and what to do."""
    parts = []
    if report.missing:
        parts.append(f"missing {_list(report.missing)}")
    if report.unexpected:
        parts.append(f"unexpected {_list(report.unexpected)}")
    if report.mismatched:
        shapes = [f"{m.key} is {list(m.found)}, not {list(m.expected)}" for m in report.mismatched]
        parts.append(f"of another shape: {_list(tuple(shapes))}")
    found = f"{len(report.matched)} of 10 keys match ({_list(report.matched)})"
    if not report.matched:
        found = "0 of 10 keys match"
    if report.whole and hidden_size != report.hidden_size:
        return plain(
            f"{name} is an ARR-COC head for {fits(report.hidden_size)} and this base has hidden "
            f"size {hidden_size}: {found}; {'; '.join(parts)}; choose the base it was trained on."
        )
    belongs = fits(report.hidden_size)
    tail = f"its shapes belong to {belongs}; " if belongs else ""
    return plain(
        f"{name} is no ARR-COC head of the reference architecture: {found}; {'; '.join(parts)}; "
        f"{tail}give a checkpoint with exactly the reference's keys."
    )


def require_exact(shapes: Mapping[str, Shape]) -> None:
    """Raise CheckpointError unless these are exactly a head's tensors."""
    report = match(shapes)
    if not report.exact:
        raise CheckpointError(refusal("This state", report))


def _list(items: tuple[str, ...], limit: int = 6) -> str:
    shown = ", ".join(plain(item, MAX_ITEM) for item in items[:limit])
    return shown + (f" and {len(items) - limit} more" if len(items) > limit else "")
