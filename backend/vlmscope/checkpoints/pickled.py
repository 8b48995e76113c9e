"""What a checkpoint's pickle says, read without running it.

A pickle is a program for a stack machine that may import and call anything. This is that machine with
nothing behind it: no import, no call into Python's own objects. What a checkpoint is made of (containers,
numbers, text, tensors) is rebuilt from an allow-list as plain or inert values; any other name is refused.
The opcodes are those of the standard library's `pickletools`; the tensors' layout is `torch.save`'s.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vlmscope.values.errors import CheckpointError, shown

MAX_STEPS = 3_000_000
"""Opcodes that are followed; a checkpoint of 100,000 tensors takes fewer."""
MAX_DIMS = 16
MAX_STORAGE_KEY = 200
"""Characters; PyTorch counts its storages."""

STORAGES = {
    "torch.DoubleStorage": "F64",
    "torch.FloatStorage": "F32",
    "torch.HalfStorage": "F16",
    "torch.BFloat16Storage": "BF16",
    "torch.LongStorage": "I64",
    "torch.IntStorage": "I32",
    "torch.ShortStorage": "I16",
    "torch.CharStorage": "I8",
    "torch.ByteStorage": "U8",
    "torch.BoolStorage": "BOOL",
    "torch.ComplexFloatStorage": "C64",
    "torch.storage.UntypedStorage": "U8",
}
"""Storage classes, and what their numbers are called in a safetensors header."""
DTYPES = {
    "torch.float64": "F64",
    "torch.float32": "F32",
    "torch.float16": "F16",
    "torch.bfloat16": "BF16",
    "torch.int64": "I64",
    "torch.int32": "I32",
    "torch.int16": "I16",
    "torch.int8": "I8",
    "torch.uint8": "U8",
    "torch.uint16": "U16",
    "torch.uint32": "U32",
    "torch.uint64": "U64",
    "torch.bool": "BOOL",
    "torch.complex64": "C64",
    "torch.float8_e4m3fn": "F8_E4M3",
    "torch.float8_e5m2": "F8_E5M2",
}


class Malformed(Exception):
    """The pickle is no pickle, or no checkpoint's."""


@dataclass(frozen=True)
class Name:
    """A global that was named; nothing was imported."""

    full: str


@dataclass(frozen=True)
class Storage:
    """Numbers in the record `data/{key}`."""

    key: str
    dtype: str
    numel: int


@dataclass(frozen=True)
class Tensor:
    """A view of a storage: `offset` and `stride` in numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str


class Attributes(dict[Any, Any]):
    """An object that only holds attributes, as `argparse.Namespace`."""


class Opaque:
    """A value that is known and of no interest, as a generator's state."""


def read_pickle(data: bytes, name: str) -> Any:
    """The value in a pickle; raises CheckpointError, one sentence, for anything not on the allow-list."""
    try:
        return _Machine().run(data)
    except Malformed as error:
        raise CheckpointError(f"{name} {error}") from None
    except (
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        AttributeError,
        OverflowError,
        struct.error,
    ):
        raise CheckpointError(
            f"{name} holds a damaged pickle; save it again, or as .safetensors."
        ) from None


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        for steps, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if steps > MAX_STEPS:
                raise Malformed("holds a pickle of millions of steps; give another checkpoint.")
            if opcode.name == "STOP":
                return self.stack.pop()
            act = _ACTS.get(opcode.name)
            if act is None:
                raise Malformed(
                    f"holds a pickle with the step {opcode.name}, which no checkpoint needs; save it "
                    "again with torch.save, or as .safetensors."
                )
            act(self, argument)
        raise ValueError("no end")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self.marked.pop()
        return items

    def memoize(self, place: int) -> None:
        self.memo[place] = self.stack[-1]

    def name(self, module: str, name: str) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a name that is no text")
        full = f"{_RENAMED.get(module, module)}.{name}"
        if full not in _CALLS and full not in STORAGES and full not in DTYPES | _CLASSES:
            if full.startswith("torch._utils._rebuild_"):
                raise Malformed(
                    f"holds a tensor of a kind that is not read here ({shown(full)}); save it as a plain "
                    "one that is neither sparse, quantised, nor of a device without memory."
                )
            raise Malformed(
                f"asks for {shown(full)}, which could run code and is on no allow-list; save its "
                "tensors as .safetensors, or its state_dict alone."
            )
        self.push(Name(full))

    def call(self, _: Any = None) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, Name) or not isinstance(arguments, tuple):
            raise ValueError("a call of what is no name")
        make = _CALLS.get(function.full)
        if make is None:
            raise ValueError("a call of what is no function")
        self.push(make(*arguments))

    def new(self, _: Any = None) -> None:
        arguments, kind = self.stack.pop(), self.stack.pop()
        if not isinstance(kind, Name) or kind.full not in _CLASSES or arguments != ():
            raise ValueError("a new object of no known class")
        self.push(Attributes())

    def build(self, _: Any = None) -> None:
        state, thing = self.stack.pop(), self.stack[-1]
        if isinstance(thing, Attributes):
            if not isinstance(state, dict):
                raise ValueError("attributes that are none")
            thing.update(state)
        elif not isinstance(thing, dict | Opaque | _NumpyType):
            raise ValueError("a state of what has none")

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise ValueError("items of no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_checked_key(key)] = value

    def append(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, list):
            raise ValueError("items of no list")
        target.extend(items)

    def persistent(self, _: Any = None) -> None:
        said = self.stack.pop()
        if not isinstance(said, tuple) or len(said) != 5 or said[0] != "storage":
            raise ValueError("a storage that is none")
        _, kind, key, _, numel = said
        if not isinstance(kind, Name) or kind.full not in STORAGES or not isinstance(key, str):
            raise ValueError("a storage of no known kind")
        if len(key) > MAX_STORAGE_KEY:
            raise ValueError("a storage with a key of a length that PyTorch gives none")
        self.push(Storage(key, STORAGES[kind.full], _count(numel)))


def _checked_key(key: Any) -> Any:
    parts = key if isinstance(key, tuple) else (key,)
    if not all(part is None or isinstance(part, str | int | float | bytes) for part in parts):
        raise ValueError("a key that is neither text nor number")
    return key


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**48:
        raise ValueError("a count that is none")
    return value


def _counts(values: Any) -> tuple[int, ...]:
    if not isinstance(values, tuple) or len(values) > MAX_DIMS:
        raise ValueError("a shape that is none")
    return tuple(_count(value) for value in values)


def _tensor(
    storage: Any,
    offset: Any,
    shape: Any,
    stride: Any,
    grad: Any = None,
    hooks: Any = None,
    metadata: Any = None,
    *,
    dtype: str | None = None,
) -> Tensor:
    if not isinstance(storage, Storage):
        raise ValueError("a tensor without a storage")
    if metadata:  # its numbers are not those of its storage
        raise Malformed(
            "holds a tensor that shows its numbers negated or conjugated; save what resolve_neg() and "
            "resolve_conj() give of it."
        )
    shape, stride = _counts(shape), _counts(stride)
    if len(shape) != len(stride):
        raise ValueError("a tensor of two ranks")
    return Tensor(storage, _count(offset), shape, stride, dtype or storage.dtype)


def _tensor_v3(
    storage: Any,
    offset: Any,
    shape: Any,
    stride: Any,
    grad: Any,
    hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Tensor:
    named = DTYPES[dtype.full]
    return _tensor(storage, offset, shape, stride, grad, hooks, metadata, dtype=named)


def _parameter(tensor: Any, *_: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise ValueError("a parameter without a tensor")
    return tensor


def _mapping(*arguments: Any) -> dict[Any, Any]:
    pairs = arguments[0] if arguments else ()
    if isinstance(pairs, dict):
        return dict(pairs)
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs
    ):
        raise ValueError("a mapping that is none")
    return {_checked_key(key): value for key, value in pairs}


def _default_mapping(*_: Any) -> dict[Any, Any]:
    return {}


def _items(items: Any = ()) -> list[Any]:
    if not isinstance(items, list | tuple):
        raise ValueError("a set of no list")
    return list(items)


def _encoded(text: Any, encoding: Any = "utf-8") -> bytes:
    """How protocol 2 writes bytes."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes that are none")
    return text.encode("latin1")


def _no_bytes(*arguments: Any) -> bytes:
    if arguments:
        raise ValueError("bytes by their number")
    return b""


def _bytes_of(data: Any = b"", *_: Any) -> bytes:
    if not isinstance(data, bytes):  # bytearray(2**32) would be four gigabytes
        raise ValueError("bytes by their number")
    return data


@dataclass(frozen=True)
class _NumpyType:
    code: str


_NUMPY = {"f8": "<d", "f4": "<f", "f2": "<e", "i8": "<q", "i4": "<i", "i2": "<h", "i1": "<b"} | {
    "u8": "<Q", "u4": "<I", "u2": "<H", "u1": "<B", "b1": "<?"
}  # fmt: skip


def _numpy_type(code: Any, *_: Any) -> _NumpyType:
    if not isinstance(code, str) or len(code) > 8:
        raise ValueError("a numpy type that is none")
    return _NumpyType(code)


def _numpy_scalar(kind: Any, data: Any = b"") -> Any:
    form = _NUMPY.get(kind.code) if isinstance(kind, _NumpyType) else None
    if form is None or not isinstance(data, bytes):
        return Opaque()
    return struct.unpack(form, data)[0]


def _opaque(*_: Any) -> Opaque:
    return Opaque()


def _text(*parts: Any) -> str:
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("a path that is no text")
    return "/".join(parts)


_RENAMED = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "numpy.core.multiarray": "numpy._core.multiarray",
}
"""Modules by the names that they have now."""

_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": _default_mapping,
    "collections.Counter": _mapping,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_v3,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.Size": _items,
    "torch.device": _text,
    "builtins.set": _items,
    "builtins.frozenset": _items,
    "builtins.bytes": _no_bytes,
    "builtins.bytearray": _bytes_of,
    "_codecs.encode": _encoded,
    "numpy.dtype": _numpy_type,
    "numpy._core.multiarray.scalar": _numpy_scalar,
    "numpy._core.multiarray._reconstruct": _opaque,
    "pathlib.PosixPath": _text,
    "pathlib.PurePosixPath": _text,
    "pathlib.WindowsPath": _text,
    "pathlib._local.PosixPath": _text,
    "datetime.datetime": _opaque,
    "datetime.date": _opaque,
}
"""What may be called, and what stands in for it."""
_CLASSES = dict.fromkeys(
    (
        "argparse.Namespace",
        "types.SimpleNamespace",
        "numpy.ndarray",
        "builtins.dict",
        "builtins.list",
        "builtins.int",
        "builtins.float",
    ),
    "",
)
"""What may be named: objects of attributes alone, and classes that others are given."""


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def act(machine: _Machine, _: Any) -> None:
        items = tuple(machine.stack[len(machine.stack) - count :]) if count else ()
        if len(items) != count:
            raise IndexError
        if count:
            del machine.stack[-count:]
        machine.push(items)

    return act


def _constant(value: Any) -> Callable[[_Machine, Any], None]:
    return lambda machine, _: machine.push(value)


def _literal(machine: _Machine, argument: Any) -> None:
    machine.push(argument)


def _byte_string(machine: _Machine, argument: Any) -> None:
    # Python 2's text; pickletools gives it decoded.
    machine.push(argument if isinstance(argument, str) else bytes(argument))


def _mark(machine: _Machine, _: Any) -> None:
    machine.marked.append(machine.stack)
    machine.stack = []


def _frame(machine: _Machine, _: Any) -> None:
    pass


_ACTS: dict[str, Callable[[_Machine, Any], Any]] = {
    "PROTO": _frame,
    "FRAME": _frame,
    "MARK": _mark,
    "POP": lambda m, _: m.stack.pop(),
    "POP_MARK": lambda m, _: m.since_mark(),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "EMPTY_TUPLE": _tuple_of(0),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "TUPLE": lambda m, _: m.push(tuple(m.since_mark())),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "LIST": lambda m, _: m.push(m.since_mark()),
    "APPEND": lambda m, _: m.append([m.stack.pop()]),
    "APPENDS": lambda m, _: m.append(m.since_mark()),
    "EMPTY_SET": lambda m, _: m.push([]),
    "ADDITEMS": lambda m, _: m.append(m.since_mark()),
    "FROZENSET": lambda m, _: m.push(m.since_mark()),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "SETITEM": lambda m, _: m.set_items(_last_two(m)),
    "SETITEMS": lambda m, _: m.set_items(m.since_mark()),
    "MEMOIZE": lambda m, _: m.memoize(len(m.memo)),
    "GLOBAL": lambda m, said: m.name(*said.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: m.name(*_last_two(m)),
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.new,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
}


def _last_two(machine: _Machine) -> list[Any]:
    last = machine.stack.pop()
    return [machine.stack.pop(), last]


for _name in ("PUT", "BINPUT", "LONG_BINPUT"):
    _ACTS[_name] = lambda m, place: m.memoize(place)
for _name in ("GET", "BINGET", "LONG_BINGET"):
    _ACTS[_name] = lambda m, place: m.push(m.memo[place])
for _name in (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
):
    _ACTS[_name] = _literal
for _name in ("STRING", "BINSTRING", "SHORT_BINSTRING"):
    _ACTS[_name] = _byte_string
