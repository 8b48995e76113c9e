"""LoRA adapters over the one base: each a second set of modules around the same parameters.

PEFT replaces linear modules by its own. That is done to a shell of the model, which shares every tensor
with it: the base never changes, whatever becomes of an adapter, and no adapter is switched on or off.
What an adapter takes is its own matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import nn

from vlmscope.checkpoints.adapter import LoraFile, read_lora
from vlmscope.engine.shell import shell_of
from vlmscope.engine.wide import widened

NAME = "default"
TOWER = "model.visual."


@dataclass(frozen=True, eq=False)
class Adapted:
    """A model as a variant runs it: the base itself, or the base with an adapter.

    `tower_key` tells image features apart: empty where the vision tower is the base's own.
    """

    model: Any
    tower_key: str = ""
    nbytes: int = 0
    is_wide: bool = False

    @cached_property
    def linear(self) -> dict[str, tuple[int, int]]:
        """Its `linear_modules`."""
        return linear_modules(self.model)

    @cached_property
    def wide(self) -> Adapted:
        """The same tensors, computed in float32; its image features are others."""
        return Adapted(widened(self.model), f"float32 {self.tower_key}", is_wide=True)


def adapt(model: Any, source: str, key: str) -> Adapted:
    """The model with the adapter that `source` names; raises CheckpointError and changes nothing.

    Its answers are those of PEFT's own `PeftModel`. The matrices stay float32, as PEFT keeps them.
    """
    lora = read_lora(source, linear_modules(model))
    on_tower = any(name.startswith(TOWER) for name in lora.modules)
    return Adapted(_with(model, lora), key if on_tower else "", lora.nbytes)


def linear_modules(model: Any) -> dict[str, tuple[int, int]]:
    """Every linear module by name, [out, in]: what an adapter can be on."""
    return {
        name: (module.out_features, module.in_features)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
    }


def _with(model: Any, lora: LoraFile) -> Any:
    from peft import LoraConfig, inject_adapter_in_model  # seconds, and only adapters need it

    shell = shell_of(model)
    config = LoraConfig(
        r=1,
        target_modules=list(lora.modules),
        rank_pattern={f"^{name}": low.rank for name, low in lora.modules.items()},
        alpha_pattern={f"^{name}": low.alpha for name, low in lora.modules.items()},
        use_rslora=lora.rs,
        init_lora_weights=False,
    )
    trainable = [parameter.requires_grad for parameter in model.parameters()]
    adapted = inject_adapter_in_model(config, shell, NAME)
    for parameter, was in zip(model.parameters(), trainable, strict=True):
        parameter.requires_grad_(was)  # PEFT freezes them, and they are the base's own
    for name, low in lora.modules.items():
        module: Any = adapted.get_submodule(name)
        for part, values in ((module.lora_A, low.a), (module.lora_B, low.b)):
            device = part[NAME].weight.device
            part[NAME].weight = nn.Parameter(values.to(device), requires_grad=False)
    return adapted.eval()
