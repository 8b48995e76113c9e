"""Reading a LoRA adapter, in PEFT's layout, against a base's modules; nothing of the base is touched.

W·x becomes W·x + scaling · B·A·x, with scaling = lora_alpha / r, or lora_alpha / √r for rsLoRA
(Hu et al. 2021, arXiv 2106.09685; Kalajdzievski 2023, arXiv 2312.03732). Which modules an adapter
changes is read from its tensors, exactly; the patterns of its config are not believed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlmscope.checkpoints.header import Header
from vlmscope.checkpoints.neighbours import ADAPTER as CONFIG
from vlmscope.checkpoints.neighbours import as_object, read_small
from vlmscope.checkpoints.own import FLOATS
from vlmscope.checkpoints.places import MAX_PATH, readable_file, weights_file
from vlmscope.checkpoints.weights import header_of, open_weights
from vlmscope.values.errors import CheckpointError, plain, shown

if TYPE_CHECKING:
    import torch

WEIGHTS = "adapter_model.safetensors"
NAMES = (WEIGHTS, "adapter_model.bin")
"""What PEFT calls an adapter's file; the second is a pickle."""
MAX_RANK = 4096

_KEY = re.compile(
    r"(?:base_model\.model\.)?(?P<module>.+)\.lora_(?P<part>[AB])(?:\.default)?\.weight"
)
_RENAMED = (
    ("model.layers.", "model.language_model.layers."),
    ("language_model.", "model.language_model."),
    ("visual.", "model.visual."),
)
"""Beginnings of modules' names in other releases of transformers, and what they are called now."""

_READ = frozenset({"peft_type", "r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora"})
_WITHOUT_EFFECT = frozenset(
    {
        "auto_mapping",
        "base_model_name_or_path",
        "corda_config",
        "eva_config",
        "exclude_modules",
        "inference_mode",
        "init_lora_weights",
        "layers_pattern",
        "layers_to_transform",
        "loftq_config",
        "lora_dropout",
        "lora_ga_config",
        "megatron_core",
        "peft_version",
        "qalora_group_size",
        "revision",
        "target_modules",
        "task_type",
    }
)
"""What matters while an adapter is trained, or says again what its tensors say."""
_DEFAULTS = {"bias": "none", "fan_in_fan_out": False}
_CHANGES_THE_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")


@dataclass(frozen=True)
class Low:
    """What one module gains: A [r, in], B [out, r], and the scaling of their product."""

    a: torch.Tensor
    b: torch.Tensor
    alpha: float
    rank: int


@dataclass(frozen=True, eq=False)
class LoraFile:
    """An adapter's matrices by the base's own module names."""

    modules: Mapping[str, Low]
    rs: bool

    @property
    def nbytes(self) -> int:
        return sum(low.a.nbytes + low.b.nbytes for low in self.modules.values())


def adapter_file(source: str, pickles: bool = True) -> Path:
    """The file of weights that a source names: itself, or the one in an adapter's folder."""
    folder = Path(os.path.expanduser(source))
    if not os.path.isdir(folder):
        return weights_file(source, pickles)
    for name in NAMES:
        if (folder / name).is_file():
            return readable_file(folder / name, source, pickles)
    raise CheckpointError(
        f"The folder {shown(source, MAX_PATH)} holds no {WEIGHTS}; give an adapter's folder."
    )


def is_adapter(source: str) -> bool:
    """Whether a source is a folder as PEFT writes it."""
    folder = Path(os.path.expanduser(source))
    return os.path.isdir(folder) and any((folder / name).is_file() for name in NAMES)


def own_modules(header: Header) -> dict[str, tuple[int, int]]:
    """The linear modules that an adapter's shapes suggest, [out, in]: those of the base it was trained on."""
    sides: dict[str, dict[str, int]] = {}
    for key, (shape, _) in header.tensors.items():
        match = _KEY.fullmatch(key)
        if match is not None and len(shape) == 2:
            part = match["part"]
            sides.setdefault(match["module"], {})[part] = shape[1 if part == "A" else 0]
    return {module: (found.get("B", 0), found.get("A", 0)) for module, found in sides.items()}


@dataclass(frozen=True)
class Fit:
    """An adapter that fits a base, from its header and its config: no tensor was read.

    `keys` are the file's for each module's A and B; `ranks` and `alphas` by module.
    """

    path: Path
    name: str
    keys: Mapping[tuple[str, str], str]
    ranks: Mapping[str, int]
    alphas: Mapping[str, float]
    rs: bool


def fit_lora(source: str, linear: Mapping[str, tuple[int, int]]) -> Fit:
    """How the adapter that `source` names fits a base whose linear modules are [out, in].

    Raises CheckpointError, one sentence, for what is no LoRA adapter, does not fit, or would compute
    something else than the two matrices say.
    """
    path = adapter_file(source)
    name = path.parent.name if path.name in NAMES else path.name
    config = _config(path.parent / CONFIG, name)
    header = header_of(path)
    keys = matched_modules(name, header, linear)
    ranks = {module: header.shapes[keys[module, "A"]][0] for module, _ in keys}
    alphas = {}
    for module, rank in ranks.items():
        said = _for_module(config.get("rank_pattern"), module, config.get("r"), name)
        if said != rank:
            raise CheckpointError(
                f"The adapter {name} has rank {rank} at {plain(module, 120)}, and its {CONFIG} says "
                f"{shown(said)}; give the two files that belong together."
            )
        alphas[module] = _number(
            _for_module(config.get("alpha_pattern"), module, config.get("lora_alpha", 8), name),
            name,
        )
    return Fit(path, name, keys, ranks, alphas, bool(config.get("use_rslora")))


def read_lora(source: str, linear: Mapping[str, tuple[int, int]]) -> LoraFile:
    """The adapter's matrices, float32; raises CheckpointError as `fit_lora`, and for NaN or infinity."""
    fit = fit_lora(source, linear)
    import torch

    with open_weights(fit.path) as weights:
        read = weights.read(fit.keys.values())
    tensors = {place: read[key].float() for place, key in fit.keys.items()}
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise CheckpointError(
            f"The adapter {fit.name} holds NaN or infinite weights; give another."
        )
    modules = {
        module: Low(tensors[module, "A"], tensors[module, "B"], fit.alphas[module], rank)
        for module, rank in fit.ranks.items()
    }
    return LoraFile(modules, fit.rs)


def matched_modules(
    name: str, header: Header, linear: Mapping[str, tuple[int, int]]
) -> dict[tuple[str, str], str]:
    """The file's key for each module's A and B; every key must be one, and of the right shape."""
    keys: dict[tuple[str, str], str] = {}
    unexpected, mismatched = [], []
    for key, (shape, dtype) in header.tensors.items():
        match = _KEY.fullmatch(key)
        module = match and _in_base(match["module"], linear)
        if match is None or module is None:
            unexpected.append(key)
            continue
        place = (module, match["part"])
        if place in keys:
            raise CheckpointError(
                f"{name} holds {shown(key)} and {shown(keys[place])}, which are the same tensor; keep one."
            )
        if dtype not in FLOATS:
            raise CheckpointError(
                f"{name} holds {dtype} numbers in {plain(key, 120)}; save it as float16, bfloat16 or float32."
            )
        out, into = linear[module]
        fits = len(shape) == 2 and (shape[1] == into if place[1] == "A" else shape[0] == out)
        if not fits:
            expected = f"[r, {into}]" if place[1] == "A" else f"[{out}, r]"
            mismatched.append(f"{key} {list(shape)} (expected {expected})")
        keys[place] = key
    missing = [
        f"lora_{other} of {module}"
        for module, part in keys
        if (module, other := "B" if part == "A" else "A") not in keys
    ]
    for module, part in keys:
        if part == "A" and not missing and not mismatched:
            a, b = (header.shapes[keys[module, each]] for each in "AB")
            if a[0] != b[1] or not 1 <= a[0] <= MAX_RANK:
                mismatched.append(f"{module}: A {list(a)} and B {list(b)} have no rank in common")
    if not keys and not unexpected:
        raise CheckpointError(f"{name} holds no tensors; give a LoRA adapter.")
    if unexpected or missing or mismatched:
        raise CheckpointError(
            f"The adapter {name} does not fit this base ({len(keys)} tensors matched; "
            f"missing: {_listed(missing)}; unexpected: {_listed(unexpected)}; other shapes: "
            f"{_listed(mismatched)}); give one that was trained on it."
        )
    return keys


def _in_base(module: str, linear: Mapping[str, Any]) -> str | None:
    """A module's name as the base has it, by the rules above; None for no linear module of its own."""
    names = [module, *(new + module[len(old) :] for old, new in _RENAMED if module.startswith(old))]
    return next((each for each in names if each in linear), None)


def _config(path: Path, name: str) -> dict[str, Any]:
    try:
        text = read_small(path)
        config = None if text is None else as_object(text)
    except (ValueError, RecursionError, OSError) as error:
        raise CheckpointError(
            f"The {CONFIG} of {name} cannot be read ({error}); save the adapter again."
        ) from None
    if config is None:
        raise CheckpointError(
            f"The adapter {name} has no {CONFIG} beside it, which says how strong it is; "
            "give the whole folder that PEFT saved."
        )
    if config.get("peft_type") != "LORA":
        raise CheckpointError(
            f"The adapter {name} is of PEFT's type {shown(config.get('peft_type'))}; "
            "give one of type 'LORA'."
        )
    start = str(config.get("init_lora_weights", True)).lower()
    if start.startswith(_CHANGES_THE_BASE):
        raise CheckpointError(
            f"The adapter {name} was trained from a base that init_lora_weights={shown(start)} had "
            "changed; convert it to plain LoRA when saving (path_initial_model_for_weight_conversion)."
        )
    for key, value in config.items():
        if key not in _READ | _WITHOUT_EFFECT and value and value != _DEFAULTS.get(key):
            raise CheckpointError(
                f"The adapter {name} uses {plain(key, 60)}={shown(value)}, which this version "
                "cannot run; train it as plain LoRA."
            )
    return config


def _for_module(patterns: Any, module: str, otherwise: Any, name: str) -> Any:
    """What a config's pattern says of a module: the names' ends, as PEFT writes them."""
    if patterns is not None and not isinstance(patterns, dict):
        raise CheckpointError(
            f"The {CONFIG} of {name} gives patterns as {shown(patterns)}; give an object of module names."
        )
    for end, value in (patterns or {}).items():
        if not re.fullmatch(r"\^?[\w.]+", end):
            raise CheckpointError(
                f"The {CONFIG} of {name} names modules by the pattern {shown(end)}; "
                "name them in full."
            )
        if f".{module}".endswith(f".{end.removeprefix('^')}"):
            return value
    return otherwise


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise CheckpointError(
            f"The {CONFIG} of {name} says lora_alpha={shown(value)}; give a number above 0."
        )
    return float(value)


def _listed(things: list[str]) -> str:
    shown = ", ".join(plain(each, 120) for each in things[:3])
    return f"{len(things)}, such as {shown}" if things else "none"
