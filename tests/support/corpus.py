"""Checkpoints that must load, and files made to harm whoever opens them.

`python -m tests.support.corpus FOLDER` writes both. Nothing in a hostile file is run here, and none is
larger than two megabytes.
"""

from __future__ import annotations

import argparse
import json
import pickle
import struct
import sys
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tests.support.heads import make_state

HIDDEN = 192
BOOM = "/tmp/vlmscope-was-here"
"""What a hostile file would make, if its code ran."""

# ---- a pickle, by its opcodes


def name(module: str, attribute: str) -> bytes:
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    raw = value.to_bytes((value.bit_length() + 8) // 8 or 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def items(*values: bytes) -> bytes:
    return b"(" + b"".join(values) + b"t"


def call(module: str, attribute: str, *arguments: bytes) -> bytes:
    return name(module, attribute) + items(*arguments) + b"R"


def program(value: bytes) -> bytes:
    return b"\x80\x02" + value + b"."


def holding(value: bytes) -> bytes:
    """A checkpoint's dictionary with one more value in it."""
    return program(b"}" + text("epoch") + value + b"s")


def storage(kind: str = "FloatStorage", key: str = "0", numel: int = 4) -> bytes:
    return items(text("storage"), name("torch", kind), text(key), text("cpu"), number(numel)) + b"Q"


def tensor(
    stored: bytes, shape: tuple[int, ...] = (4,), stride: tuple[int, ...] = (1,), offset: int = 0
) -> bytes:
    sides = items(*map(number, shape)), items(*map(number, stride))
    hooks = name("collections", "OrderedDict") + b")R"
    return call(
        "torch._utils", "_rebuild_tensor_v2", stored, number(offset), *sides, b"\x89", hooks
    )


def holding_tensor(value: bytes, key: str = "balancer.weight_predictor.0.weight") -> bytes:
    return program(b"}" + text(key) + value + b"s")


def shown_negated() -> bytes:
    """A tensor that shows the negated numbers of its storage, as `torch.save` writes one."""
    sides = items(number(4)), items(number(1))
    hooks = name("collections", "OrderedDict") + b")R"
    metadata = b"}" + text("neg") + b"\x88s"
    return call(
        "torch._utils",
        "_rebuild_tensor_v2",
        *(storage(), number(0), *sides, b"\x89", hooks, metadata),
    )


# ---- an archive


def archive(path: Path, data: bytes, records: dict[str, bytes] | None = None, **settings: Any):
    """As torch.save lays it out, with any pickle in it."""
    with zipfile.ZipFile(path, "w", settings.get("method", zipfile.ZIP_STORED)) as file:
        file.writestr("archive/data.pkl", data)
        file.writestr("archive/version", b"3\n")
        for key, value in (records or {}).items():
            file.writestr(key if "/" in key else f"archive/data/{key}", value)


def edited(path: Path, edit: Callable[[bytearray], None]) -> None:
    raw = bytearray(path.read_bytes())
    edit(raw)
    path.write_bytes(raw)


def put(raw: bytearray, at: int, form: str, *values: int) -> None:
    struct.pack_into(form, raw, at, *values)


# ---- what must load


def good_files(folder: Path) -> Iterator[tuple[Path, dict[str, torch.Tensor]]]:
    """A head in every layout that trainers write, and its tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    state = make_state(HIDDEN)
    safe = folder / "arr_coc_components.safetensors"
    save_file(state, safe)
    yield safe, state
    layouts: dict[str, Any] = {
        "bare_epoch3.pt": {
            key.replace("participatory_scorer.", "partic_scorer."): value
            for key, value in state.items()
        },
        "trainer_step-500.pt": {
            "model_state_dict": OrderedDict(state),
            "optimizer_state_dict": torch.optim.AdamW(
                [torch.nn.Parameter(torch.ones(3))]
            ).state_dict(),
            "scheduler_state_dict": {"last_epoch": 3, "base_lrs": [0.1]},
            "epoch": 3,
            "global_step": 500,
            "training_args": {"lr": 1e-3, "name": "late"},
            "rng_state": {"torch": torch.get_rng_state(), "numpy": np.random.get_state()},
            "metrics": {"eval_accuracy": 0.7, "eval_loss": np.float64(0.5), "train_loss": 0.4},
            "config": argparse.Namespace(keep=0.5),
        },
        "sibling.pth": {
            "state_dict": state,
            **{"epoch": 2, "step": 40, "train_loss": 0.5, "val_loss": np.float32(0.25)},
            **{"val_accuracy": 0.5, "config": {"keep": 1}, "timestamp": "2026-01-01"},
            "git_commit": "abc",
        },
        "wrapped.pt": {f"module.{key}": value for key, value in state.items()},
        "compiled.pt": {f"_orig_mod.{key}": value for key, value in state.items()},
        "parameters.pt": {key: torch.nn.Parameter(value) for key, value in state.items()},
        "nested.pt": {
            "model": {
                part: {k.partition(".")[2]: v for k, v in state.items() if k.startswith(part)}
                for part in ("participatory_scorer", "balancer")
            }
        },
        "half.pt": {key: value.half() for key, value in state.items()},
        "brain.pt": {key: value.bfloat16() for key, value in state.items()},
        "double.pt": {key: value.double() for key, value in state.items()},
        "transposed.pt": {
            key: value.t().contiguous().t() if value.ndim == 2 else value
            for key, value in state.items()
        },
        "views.pt": _views(state),
        "with_the_base.pt": {**state, "base_model.embed_tokens.weight": torch.zeros(9, HIDDEN)},
    }
    for file, content in layouts.items():
        torch.save(content, folder / file)
        rounded = {"half.pt": torch.half, "brain.pt": torch.bfloat16}.get(file, torch.float32)
        yield folder / file, {key: value.to(rounded).float() for key, value in state.items()}


def _views(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every tensor a view of one storage."""
    flat = torch.cat([torch.zeros(5), *[value.flatten() for value in state.values()]])
    out, at = {}, 5
    for key, value in state.items():
        out[key] = flat[at : at + value.numel()].view(value.shape)
        at += value.numel()
    return out


# ---- what must be refused

RUNS: dict[str, bytes] = {
    f"runs-{module}.{attribute}".replace("/", "_"): call(module, attribute, *arguments)
    for module, attribute, *arguments in (
        ("os", "system", text(f"touch {BOOM}")),
        ("posix", "system", text(f"touch {BOOM}")),
        ("nt", "system", text(f"touch {BOOM}")),
        ("subprocess", "Popen", text(f"touch {BOOM}")),
        ("builtins", "eval", text(f"open('{BOOM}','w')")),
        ("builtins", "exec", text(f"open('{BOOM}','w')")),
        ("__builtin__", "eval", text(f"open('{BOOM}','w')")),
        ("builtins", "open", text(BOOM), text("w")),
        ("builtins", "__import__", text("os")),
        ("builtins", "getattr", text("a"), text("b")),
        ("builtins", "map", name("os", "system"), text("ls")),
        ("operator", "methodcaller", text("system")),
        ("functools", "partial", name("os", "system")),
        ("runpy", "run_path", text(BOOM)),
        ("importlib", "import_module", text("os")),
        ("pickle", "loads", text("cos\nsystem\n")),
        ("torch", "load", text(BOOM)),
        ("torch.hub", "load", text("a/b"), text("c")),
        ("torch.serialization", "load", text(BOOM)),
        ("torch._dynamo", "config", text("a")),
        ("numpy.testing._private.utils", "runstring", text("1"), b"}"),
        ("pydoc", "pipepager", text("a"), text(f"touch {BOOM}")),
        ("webbrowser", "open", text("http://127.0.0.1:9/")),
        ("ctypes", "CDLL", text("libc.so.6")),
        ("transformers.training_args", "TrainingArguments", text("a")),
        ("argparse", "ArgumentParser"),
        ("torch.storage", "_load_from_bytes", text("x")),
        ("torch._utils", "_rebuild_device_tensor_from_numpy", text("x")),
    )
}

TAKES: dict[str, bytes] = {
    "takes-bytearray": call("builtins", "bytearray", number(2**32)),
    "takes-bytes": call("builtins", "bytes", number(2**32)),
    "takes-untyped-storage": call("torch", "UntypedStorage", number(2**32)),
    "takes-untyped-storage-2": call("torch.storage", "UntypedStorage", number(2**32)),
    "takes-float-storage": call("torch", "FloatStorage", number(2**32)),
    "takes-tensor": call("torch", "Tensor", number(2**40)),
    "takes-zeros": call("numpy", "zeros", number(2**40)),
    "takes-list-of-range": call("builtins", "list", call("builtins", "range", number(2**60))),
    "takes-set-of-number": call("builtins", "set", number(2**32)),
    "takes-ordered-dict-of-number": call("collections", "OrderedDict", number(2**32)),
    "takes-deque": call("collections", "deque", number(2**32)),
    "takes-numpy-dtype": call("numpy", "dtype", text("V4294967296")) + b"0" + call("os", "getcwd"),
    "takes-memo-place": b"]r" + struct.pack("<I", 2**32 - 1) + b"0" + b"h\x05",
    "takes-long4": b"\x8b" + struct.pack("<i", 2**31 - 1) + b"\x01",
    "takes-unicode8": b"\x8d" + struct.pack("<Q", 2**62) + b"a",
    "takes-bytes8": b"\x8e" + struct.pack("<Q", 2**62) + b"a",
    "takes-bytearray8": b"\x96" + struct.pack("<Q", 2**62) + b"a",
    "takes-digits": b"I" + b"9" * 1_000_000 + b"\n",
    "takes-steps": b"N0" * 900_000 * 2,
}

BREAKS: dict[str, bytes] = {
    "breaks-instance": b"(" + text("ls") + b"ios\nsystem\n",
    "breaks-object": b"(" + name("os", "system") + text("ls") + b"o",
    "breaks-extension": b"\x82\x01",
    "breaks-stack-global": text("os") + text("system") + b"\x93" + items(text("ls")) + b"R",
    "breaks-new-object-with-keywords": name("os", "system") + b")}\x92",
    "breaks-buffer": b"\x97",
    "breaks-opcode": b"\xff",
    "breaks-persistent-text": b"Pos\n",
    "breaks-persistent-number": number(3) + b"Q",
    "breaks-underflow": b"000000",
    "breaks-unknown-memo": b"h\x05",
    "breaks-odd-items": b"(" + text("a") + b"u",
    "breaks-key-that-is-a-dictionary": b"}}Ns",
    "breaks-key-that-is-deep": b"}" + b")" + b"\x85" * 200_000 + b"Ns",
    "breaks-deep-tuples": b")" + b"\x85" * 1_000_000,
    "breaks-deep-lists": b"]" * 300_000 + b"a" * 299_999,
    "breaks-state-of-a-function": name("torch._utils", "_rebuild_tensor_v2") + b"}b",
    "breaks-call-of-a-text": text("os.system") + items(text("ls")) + b"R",
    "breaks-name-in-unicode": name("оs", "system"),
    "breaks-storage-without-key": items(text("storage"), name("torch", "FloatStorage")) + b"Q",
}


def _laughs() -> bytes:
    """Ten lists of ten, ten times over: 10^30 values for whoever walks them."""
    out = b"]q\x00"
    for level in range(1, 30):
        out += (
            b"]("
            + b"h"
            + bytes([level - 1])
            + (b"h" + bytes([level - 1])) * 9
            + b"eq"
            + bytes([level])
        )
    return out


CLAIMS: dict[str, bytes] = {
    "claims-a-tebibyte": tensor(storage(numel=2**38), (2**38,)),
    "claims-by-stride-0": tensor(storage(), (2**20, 2**20), (0, 0)),
    "claims-beyond-its-record": tensor(storage(), (5,)),
    "claims-by-offset": tensor(storage(), (4,), offset=1),
    "claims-by-stride": tensor(storage(), (2,), (2**40,)),
    "claims-a-negative-size": tensor(storage(), (-4,)),
    "claims-a-negative-stride": tensor(storage(), (4,), (-1,)),
    "claims-a-hundred-sides": tensor(storage(), (1,) * 100, (1,) * 100),
    "claims-two-ranks": tensor(storage(), (2, 2), (1,)),
    "claims-a-record-elsewhere": tensor(storage(key="../../../etc/passwd")),
    "claims-no-record": tensor(storage(key="7")),
    "claims-another-size": tensor(storage(numel=2), (2,)),
    "claims-other-numbers": tensor(storage(kind="DoubleStorage")),
    "claims-more-sides-than-can-be-counted": tensor(storage(), (2**47, 2**47, 0), (1, 1, 1)),
    "claims-unknown-numbers": tensor(storage(kind="QUInt8Storage")),
}


TELLS: dict[str, bytes] = {
    "tells-a-long-key": holding_tensor(tensor(storage()), "\x1b[31m\n" + "k" * 1_000_000),
    "tells-a-long-key-in-parts": program(
        b"}" + (text("p" * 400) + b"}") * 3 + text("k") + tensor(storage()) + b"s" * 4
    ),
    "tells-a-long-storage": holding_tensor(tensor(storage(key="0" * 50_000))),
    "tells-a-long-name": holding(name("os\x1b[31m" * 1000, "system")),
    "tells-negated-numbers": holding_tensor(shown_negated()),
    "tells-two-tensors-under-one-key": program(
        b"}(" + text("a") + b"}" + text("b") + tensor(storage()) + b"s"
        + text("a.b") + tensor(storage()) + b"u"
    ),
}  # fmt: skip


def hostile_files(folder: Path) -> Iterator[Path]:
    """Every attack that is known here, one to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    four = {"0": struct.pack("<4f", 1, 2, 3, 4)}
    for label, value in {**RUNS, **TAKES, **BREAKS}.items():
        archive(folder / f"{label}.pt", holding(value))
        yield folder / f"{label}.pt"
    for label, value in CLAIMS.items():
        archive(folder / f"{label}.pt", holding_tensor(value), four)
        yield folder / f"{label}.pt"
    for label, value in TELLS.items():
        archive(folder / f"{label}.pt", value, four)
        yield folder / f"{label}.pt"
    other = folder / "archive-by-another-name.safetensors"
    torch.save(make_state(HIDDEN), folder / "whole.pt")
    yield (folder / "whole.pt").rename(other)
    yield from _bare(folder)
    for label, make in ZIPS.items():
        make(folder / f"zip-{label}.pt")
        yield folder / f"zip-{label}.pt"
    for label, raw in SAFETENSORS.items():
        (folder / f"safe-{label}.safetensors").write_bytes(raw())
        yield folder / f"safe-{label}.safetensors"


def _bare(folder: Path) -> Iterator[Path]:
    contents = {
        "bare-runs.pt": program(RUNS["runs-os.system"]),
        "bare-runs.bin": program(RUNS["runs-os.system"]),
        "bare-runs.pth": pickle.dumps({"a": 1}),
        "bare-runs.ckpt": program(TAKES["takes-bytearray"]),
        "text.pt": b"not a checkpoint",
        "empty.pt": b"",
        "zeros.pt": bytes(1000),
        "start-alone.pt": b"PK\x03\x04",
        "end-alone.pt": b"PK\x05\x06" + bytes(18),
    }
    for file, raw in contents.items():
        (folder / file).write_bytes(raw)
        yield folder / file
    legacy = folder / "legacy.pt"
    torch.save(make_state(HIDDEN), legacy, _use_new_zipfile_serialization=False)
    yield legacy


def _zip(edit: Callable[[bytearray], None]) -> Callable[[Path], None]:
    """An archive of four numbers, edited."""

    def make(path: Path) -> None:
        archive(path, holding_tensor(tensor(storage())), {"0": struct.pack("<4f", 1, 2, 3, 4)})
        edited(path, edit)

    return make


def _named(*records: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        archive(path, holding_tensor(tensor(storage())), dict.fromkeys(records, bytes(16)))

    return make


def _deflated(path: Path) -> None:
    bomb = holding(b"X" + struct.pack("<I", 2**29) + b"a" * 2**20)
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (
        raw.compress(bomb) + b"".join(raw.compress(b"a" * 2**20) for _ in range(1023)) + raw.flush()
    )
    file = b"archive/data.pkl"
    size = len(bomb) + 1023 * 2**20
    local = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 0, 0, len(packed), size, len(file), 0
    )
    entry = struct.pack(
        "<IHHHHHHIIIHHHHHII",
        *(0x02014B50, 20, 20, 0, 8, 0, 0, 0, len(packed), size, len(file), 0, 0, 0, 0, 0, 0),
    )
    start = len(local) + len(file) + len(packed)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(entry) + len(file), start, 0)
    path.write_bytes(local + file + packed + entry + file + end)


def _end(raw: bytearray) -> int:
    return raw.rfind(b"PK\x05\x06")


def _first_entry(raw: bytearray) -> int:
    return raw.find(b"PK\x01\x02")


def _torchscript(path: Path) -> None:
    archive(
        path,
        program(name("__torch__.a", "Model") + b")\x81"),
        {"archive/code/__torch__/a.py": b"print(1)", "archive/constants.pkl": program(b")")},
    )


ZIPS: dict[str, Callable[[Path], None]] = {
    "deflated": _deflated,
    "deflated-tensor": lambda path: archive(
        path, holding_tensor(tensor(storage())), {"0": bytes(16)}, method=zipfile.ZIP_DEFLATED
    ),
    "torchscript": _torchscript,
    "parent": _named("archive/../../0"),
    "absolute": _named("/etc/0"),
    "two-folders": _named("other/data/0"),
    "no-folder": lambda path: archive(path, b"", {"/0": b""}),
    "no-pickle": _zip(
        lambda raw: raw.__setitem__(slice(None), raw.replace(b"data.pkl", b"data.pkx"))
    ),
    "twice": lambda path: _two_pickles(path),
    "crc-of-the-pickle": _zip(lambda raw: put(raw, _first_entry(raw) + 16, "<I", 1)),
    "encrypted": _zip(lambda raw: put(raw, _first_entry(raw) + 8, "<H", 1)),
    "method": _zip(lambda raw: put(raw, _first_entry(raw) + 10, "<H", 12)),
    "method-in-the-local-header": _zip(lambda raw: put(raw, 8, "<H", 8)),
    "sizes-that-differ": _zip(lambda raw: put(raw, _first_entry(raw) + 20, "<I", 5)),
    "record-beyond-the-file": _zip(
        lambda raw: put(raw, _first_entry(raw) + 20, "<II", 2**31, 2**31)
    ),
    "place-beyond-the-file": _zip(lambda raw: put(raw, _first_entry(raw) + 42, "<I", 2**31)),
    "overlap": _zip(lambda raw: put(raw, _first_entry(raw) + 42, "<I", 20)),
    "name-beyond-the-directory": _zip(lambda raw: put(raw, _first_entry(raw) + 28, "<H", 60_000)),
    "no-name": _zip(lambda raw: put(raw, _first_entry(raw) + 28, "<H", 0)),
    "many-records": _zip(lambda raw: put(raw, _end(raw) + 8, "<HH", 60_000, 60_000)),
    "zip64-without-one": _zip(
        lambda raw: put(raw, _end(raw) + 8, "<HHII", *[65535] * 2, *[2**32 - 1] * 2)
    ),
    "large-directory": _zip(lambda raw: put(raw, _end(raw) + 12, "<I", 2**31)),
    "directory-elsewhere": _zip(lambda raw: put(raw, _end(raw) + 16, "<I", 2)),
    "other-disk": _zip(lambda raw: put(raw, _end(raw) + 4, "<H", 1)),
    "cut": _zip(lambda raw: raw.__delitem__(slice(len(raw) // 2, None))),
    "cut-at-the-end": _zip(lambda raw: raw.__delitem__(slice(len(raw) - 1, None))),
    "reaches-into-another": lambda path: _reaching(path),
    "laughs": lambda path: archive(path, holding(_laughs() + b"0")),
    "big-endian": lambda path: archive(
        path,
        holding_tensor(tensor(storage())),
        {"0": bytes(16), "archive/byteorder": b"big"},
    ),
}


def _reaching(path: Path) -> None:
    """The pickle, by the padding that its local header claims, lies where the next record does."""
    archive(path, holding(b"N"), {"0": holding(b"N")})
    with zipfile.ZipFile(path) as file:
        one, other = file.getinfo("archive/data.pkl"), file.getinfo("archive/data/0")
    inside = other.header_offset + 30 + len(other.filename) - 30 - len(one.filename)
    edited(path, lambda raw: put(raw, one.header_offset + 28, "<H", inside))


def _two_pickles(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", holding(b"N"))
        file.writestr("archive/data.pkm", program(RUNS["runs-os.system"]))
    edited(path, lambda raw: raw.__setitem__(slice(None), raw.replace(b"data.pkm", b"data.pkl")))


def _safe(header: object, data: bytes = b"", length: int | None = None) -> Callable[[], bytes]:
    def make() -> bytes:
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(raw) if length is None else length) + raw + data

    return make


def _one(**entry: Any) -> dict[str, Any]:
    return {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} | entry}


SAFETENSORS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "seven-bytes": lambda: bytes(7),
    "length-of-2-63": _safe(b"{}", length=2**63),
    "length-beyond-the-file": _safe(b"{}", length=100),
    "length-of-0": _safe(b"", length=0),
    "deep": _safe(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "not-json": _safe(b"{'a': 1}"),
    "not-an-object": _safe([1, 2]),
    "not-text": _safe(b"\xff\xfe{}"),
    "nan": _safe(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,16]}}', bytes(16)),
    "key-twice": _safe(b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":1}', bytes(16)),
    "overlap": _safe(
        {**_one(), "b": {"dtype": "F32", "shape": [4], "data_offsets": [8, 24]}}, bytes(24)
    ),
    "beyond-the-file": _safe(_one(data_offsets=[0, 2**40]), bytes(16)),
    "backwards": _safe(_one(data_offsets=[16, 0]), bytes(16)),
    "negative": _safe(_one(data_offsets=[-16, 0]), bytes(16)),
    "negative-shape": _safe(_one(shape=[-4]), bytes(16)),
    "shape-in-halves": _safe(_one(shape=[4.5]), bytes(16)),
    "shape-larger-than-its-bytes": _safe(_one(shape=[2**40]), bytes(16)),
    "shape-of-powers": _safe(_one(shape=[2**47] * 16), bytes(16)),
    "a-hundred-sides": _safe(_one(shape=[1] * 100), bytes(16)),
    "no-offsets": _safe({"a": {"dtype": "F32", "shape": [4]}}, bytes(16)),
    "metadata-of-numbers": _safe({"__metadata__": {"epoch": 3}, **_one()}, bytes(16)),
    "metadata-that-is-a-list": _safe({"__metadata__": [1], **_one()}, bytes(16)),
    "quotes-without-end": _safe(b'{"a":"' + b'\\"' * 800_000),
    "quotes-that-begin": _safe(b'{"a":' + b'"\\' * 800_000),
    "gap": _safe(_one(data_offsets=[4, 20]), bytes(20)),
    "gap-between": _safe(
        {**_one(), "b": {"dtype": "F32", "shape": [1], "data_offsets": [20, 24]}}, bytes(24)
    ),
    "bytes-after-the-last-tensor": _safe(_one(), bytes(24)),
    "no-dtype": _safe(_one(dtype=["F32"]), bytes(16)),
    "long-dtype": _safe(_one(dtype="F" * 1_000_000), bytes(16)),
    "long-key": _safe({"a\n\x1b[31m" * 100_000: 1}),
    "half-a-character": _safe({"\ud800": _one()["a"]}, bytes(16)),
    "half-a-character-of-metadata": _safe({"__metadata__": {"a": "\ud800"}, **_one()}, bytes(16)),
    "sides-beyond-counting": _safe(_one(shape=[2**40, 2**40, 0], data_offsets=[0, 0])),
    "many-keys": _safe(b'{"a":1' + b"".join(b',"%d":1' % i for i in range(180_000)) + b"}"),
}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    print(
        len(list(good_files(place / "good"))), "good,", len(list(hostile_files(place / "hostile")))
    )
