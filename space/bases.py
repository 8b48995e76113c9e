"""Choose and load the base that the app runs on."""

from collections.abc import Callable
from dataclasses import dataclass

from vlmscope import BaseError, SharedBase

ON_A_GPU = "Qwen/Qwen3-VL-2B-Instruct"


@dataclass(frozen=True)
class LoadedBase:
    """A base, and what has to be said about why it is this one."""

    base: SharedBase
    notice: str = ""


def load_base(
    wanted: str | None,
    has_gpu: bool,
    load: Callable[[str | None], SharedBase] = SharedBase.load,
    say: Callable[[str], None] = print,
) -> LoadedBase:
    """The base that was asked for; else a real one where there is a GPU, the shipped one elsewhere.

    Where the real one cannot be had (no network, no copy of it here), it is the shipped one, with
    a notice. A base asked for by name is never replaced: raises BaseError.
    """
    if wanted or not has_gpu:
        say(f"loading the base {wanted}" if wanted else "loading the base that ships")
        return LoadedBase(load(wanted))
    say(f"loading the base {ON_A_GPU}")
    try:
        return LoadedBase(load(ON_A_GPU))
    except BaseError as problem:
        notice = (
            f"{ON_A_GPU}, the base for a GPU, could not be loaded, so this is the small base that "
            f"ships: {problem}"
        )
        return LoadedBase(load(None), notice)
