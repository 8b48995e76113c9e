"""Hold the table of docs/memory.md against a card: `python -m bench.t4.check --out t4.json`.

A base of Qwen3-VL-2B's dimensions and random weights is written to disk and loaded as the app loads one,
in float16 below a ceiling of 14.5 GiB. Eight variants then answer about an image of 1024×1024 pixels,
every image token kept: the baseline, two ARR-COC heads, a LoRA adapter, four controls. FlashAttention and
cuDNN's attention are off, which a T4 does not have: once with the memory-efficient kernel, which it has,
and once with plain attention.
`--device cpu --tiny` tries the script where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file

from bench.report import machine
from bench.t4.model import config_of, save_random, unloaded
from bench.t4.table import CEILING_GIB, Load, features, head, image_tokens, on_the_card, weights
from vlmscope import Finished, Gathering, SharedBase, Token, compare
from vlmscope.arr_coc.layout import expected_shapes
from vlmscope.engine.adapters import linear_modules
from vlmscope.engine.peak import MIB

QUERY = "What does the image show, and where in it?"
RANK = 16
HEADS = ("one", "two")
KERNELS = {"memory-efficient": (True, True), "plain": (False, True)}


def main() -> int:
    asked = _arguments()
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        report = checked(Path(folder), asked)
    text = json.dumps(report, indent=2)
    print(text)
    if asked.out:
        Path(asked.out).write_text(text + "\n")
    for problem in report["problems"]:
        print(f"NOT MET: {problem}", file=sys.stderr)
    return 1 if report["problems"] else 0


def checked(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Everything that was measured, and a sentence for each limit that was not kept."""
    device = torch.device(asked.device)
    config = config_of(asked.tiny)
    load = Load(asked.side, new_tokens=asked.new_tokens)
    clock = time.perf_counter()
    save_random(folder / "base", config, load.side, device)
    _save_heads(folder, config.get_text_config().hidden_size)
    _save_adapter(folder / "adapter", unloaded(config))
    report: dict[str, Any] = {"made_s": time.perf_counter() - clock}
    if device.type == "cuda":
        torch.cuda.empty_cache()
    report["ram_before_load_mib"] = _ram_now()
    clock = time.perf_counter()
    ceiling = CEILING_GIB if device.type == "cuda" else None
    base = SharedBase.load(folder / "base", device=device, dtype="float16", memory_gib=ceiling)
    report |= {"load_s": time.perf_counter() - clock, "ram_peak_mib": _ram_peak()}
    report["conditions"] = _conditions(base, load)
    report["computed"] = {
        part.name: part.nbytes / MIB for part in on_the_card(unloaded(config), load)
    }
    runs = {}
    for seed, (name, switches) in enumerate(KERNELS.items()):
        _use(*switches)
        runs[name] = _compared(base, folder, load, seed)
    report["runs"] = runs
    report["parts"] = _parts(base, load, _head(folder, "one"))
    report["problems"] = list(_problems(report, load))
    return report


def _compared(base: SharedBase, folder: Path, load: Load, seed: int) -> dict[str, Any]:
    """One comparison of all rows: its seconds, its outcome, and what it took of the card."""
    if base.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    began, gathering = time.perf_counter(), Gathering()
    whole, tokens = 0.0, dict[str, list[float]]()
    for event in compare(
        base, _picture(load.side, seed), QUERY, _lines(folder), max_new_tokens=load.new_tokens
    ):
        gathering.add(event)
        now = time.perf_counter() - began
        if isinstance(event, Token):
            tokens.setdefault(event.id, []).append(now)
        if isinstance(event, Finished):
            whole = now
    run = gathering.to_run()
    assert run is not None
    return {
        "first_token_s": min(times[0] for times in tokens.values()),
        "whole_s": whole,
        # The first token is the prefill's.
        "step_s": {id: (times[-1] - times[1]) / (len(times) - 2) for id, times in tokens.items()},
        "statuses": {each.id: each.status for each in run.results},
        "errors": {each.id: each.error for each in run.results if each.error},
        "overflowed": [
            each.id for each in run.results if any("overflowed" in said for said in each.warnings)
        ],
        "tokens": {each.id: len(each.token_ids) for each in run.results},
        "kv_mib": {each.id: each.metrics.get("kv_mib") for each in run.results},
        "vision_s": run.results[0].metrics.get("vision_s"),
        "prefill_s": {each.id: each.metrics.get("prefill_s") for each in run.results},
        **_taken(base.device),
    }


def _taken(device: torch.device) -> dict[str, float]:
    """MiB of the card: PyTorch's tensors at their most, its blocks, and what CUDA has beside them."""
    if device.type != "cuda":
        return {}
    free, whole = torch.cuda.mem_get_info()
    reserved = torch.cuda.memory_reserved()
    return {
        "peak_mib": torch.cuda.max_memory_allocated() / MIB,
        "peak_reserved_mib": torch.cuda.max_memory_reserved() / MIB,
        "beside_pytorch_mib": (whole - free - reserved) / MIB,
    }


def _parts(base: SharedBase, load: Load, one: str) -> dict[str, dict[str, float]]:
    """For each part that can be weighed by itself: computed, and measured; MiB."""
    tokens = image_tokens(base.model.config, load.side)
    looked, _ = base.features(base.pixels(_picture(load.side, 0)), base.plain)
    return {
        "base": {
            "computed": weights(unloaded(base.model.config)) / MIB,
            "measured": sum(weight.nbytes for weight in base.weights()) / MIB,
        },
        "features of an image": {
            "computed": features(base.model, tokens) / MIB,
            "measured": looked.nbytes / MIB,
        },
        "ARR-COC head": {
            "computed": head(base.hidden_size) / MIB,
            "measured": base.head(one).nbytes / MIB,
        },
    }


def _problems(report: dict[str, Any], load: Load) -> Iterator[str]:
    computed = sum(report["computed"].values())
    for name, run in report["runs"].items():
        for id, status in run["statuses"].items():
            if status != "done" or run["tokens"][id] != load.new_tokens:
                yield f"{name}: {id} is {status} after {run['tokens'][id]} tokens"
        peak = run.get("peak_mib")
        if peak is not None and peak > computed:
            yield f"{name}: {peak:,.0f} MiB at peak, more than the {computed:,.0f} computed"
        if peak is not None and run["peak_reserved_mib"] > CEILING_GIB * 1024:
            yield f"{name}: {run['peak_reserved_mib']:,.0f} MiB reserved, above the ceiling"
    for name, part in report["parts"].items():
        if abs(part["computed"] - part["measured"]) > 0.01 * part["computed"]:
            yield f"{name}: {part['measured']:.2f} MiB, and {part['computed']:.2f} computed"


def _conditions(base: SharedBase, load: Load) -> dict[str, Any]:
    is_cuda = base.device.type == "cuda"
    return machine() | {
        "hardware": torch.cuda.get_device_name() if is_cuda else "CPU",
        "ceiling_gib": CEILING_GIB if is_cuda else None,
        "dtype": str(base.dtype),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "parameters": sum(weight.numel() for weight in base.weights()),
        "side": load.side,
        "rows": load.rows,
        "new_tokens": load.new_tokens,
    }


def _lines(folder: Path) -> list[str]:
    """Eight rows that keep every token."""
    controls = ("random:keep=100%", "uniform:keep=100%", "center:keep=100%", "divprune:keep=100%")
    heads = [f"arr-coc:{_head(folder, name)},keep=100%" for name in HEADS]
    return ["baseline", *heads, f"lora:{folder}/adapter", *controls]


def _picture(side: int, seed: int) -> Image.Image:
    """Noise with something to see in it, another each time."""
    coarse = np.random.default_rng(seed).integers(0, 256, (17, 17, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


def _head(folder: Path, name: str) -> str:
    return str(folder / f"{name}.safetensors")


def _save_heads(folder: Path, hidden_size: int) -> None:
    for name in HEADS:
        state = {
            key: torch.randn(shape) * 0.3 for key, shape in expected_shapes(hidden_size).items()
        }
        save_file(state, _head(folder, name))


def _save_adapter(folder: Path, model: Any) -> None:
    """A LoRA adapter on every linear layer of the language model, as PEFT saves one."""
    folder.mkdir()
    state = {}
    inside = "model.language_model."
    for name, (out, into) in linear_modules(model).items():
        if name.startswith(inside):
            state[f"base_model.model.{name}.lora_A.weight"] = torch.randn(RANK, into) * 0.02
            state[f"base_model.model.{name}.lora_B.weight"] = torch.randn(out, RANK) * 0.02
    save_file(state, folder / "adapter_model.safetensors")
    targets = sorted({name.rpartition(".")[2] for name in linear_modules(model) if inside in name})
    config = {"peft_type": "LORA", "r": RANK, "lora_alpha": RANK, "target_modules": targets}
    (folder / "adapter_config.json").write_text(json.dumps(config))


def _use(efficient: bool, plain: bool) -> None:
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(efficient)
    torch.backends.cuda.enable_math_sdp(plain)


def _ram_now() -> float:
    """MiB of the process; what was needed at most is counted anew from here."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _ram_peak() -> float:
    return _status("VmHWM")


def _status(what: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(what))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.t4.check", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="a few small layers")
    parser.add_argument("--side", type=int, default=Load.side)
    parser.add_argument("--new-tokens", type=int, default=Load.new_tokens)
    parser.add_argument("--out", default=os.environ.get("OUT") and f"{os.environ['OUT']}/t4.json")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
