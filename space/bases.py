"""Choose and load the base that the app runs on, and say what it can take."""

from collections.abc import Callable
from dataclasses import dataclass

from settings import BadSetting
from vlmscope import BaseError, SharedBase

ON_A_GPU = "Qwen/Qwen3-VL-2B-Instruct"
PROMPT_ROOM = 512
"""Positions that are left to an image and a question, whatever the longest answer."""


@dataclass(frozen=True)
class LoadedBase:
    """A base; where it is not the one that was meant, `notice` says so to everyone.

    `reason` says why, and may name folders of this machine.
    """

    base: SharedBase
    notice: str = ""
    reason: str = ""


def device_of(wanted: str | None, has_gpu: bool) -> str:
    """What the base runs on; raises BadSetting for a GPU that is not there."""
    if wanted == "cuda" and not has_gpu:
        raise BadSetting("DEVICE=cuda needs a GPU, and PyTorch finds none; set auto or cpu.")
    return wanted or ("cuda" if has_gpu else "cpu")


def load_base(
    wanted: str | None,
    has_gpu: bool,
    load: Callable[[str | None], SharedBase],
    say: Callable[[str], None],
) -> LoadedBase:
    """The base that was asked for; else a real one where there is a GPU, the shipped one elsewhere.

    Where the real one cannot be had (no network, no copy of it here), it is the shipped one, with
    a notice and its reason. A base asked for by name is never replaced: raises BaseError.
    """
    if wanted or not has_gpu:
        say(f"loading the base {wanted}" if wanted else "loading the base that ships")
        return LoadedBase(load(wanted))
    say(f"loading the base {ON_A_GPU}")
    try:
        return LoadedBase(load(ON_A_GPU))
    except BaseError as problem:
        notice = f"{ON_A_GPU}, the base for a GPU, could not be loaded, so this is the small base that ships."
        return LoadedBase(load(None), notice, str(problem))


def check_answer_length(base: SharedBase, max_new_tokens: int) -> None:
    """Raises BaseError when so long an answer leaves no room for an image and a question."""
    longest = base.max_positions - PROMPT_ROOM
    if max_new_tokens > longest:
        raise BaseError(
            f"MAX_NEW_TOKENS={max_new_tokens} is more than this base's {base.max_positions:,} "
            f"positions hold beside an image and a question; set at most {longest}."
        )


def count_image_tokens(base: SharedBase, width: int, height: int) -> int | None:
    """How many tokens an image of this size has, whichever way it is turned.

    None for a shape the base refuses. Nothing is decoded: the size decides.
    """
    processor = base.image_processor
    try:
        patches = processor.get_number_of_image_patches(height, width)
    except ValueError:
        return None
    return patches // processor.merge_size**2
