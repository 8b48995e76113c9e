"""What leaves the machine that the app runs on, in sentences."""

from collections.abc import Iterator

from settings import Settings
from titles import base_name
from tracking import what_is_tracked

NOTHING = (
    "Nothing leaves this machine: images, questions, answers and figures stay here. Neither Gradio "
    "nor the Hub's client reports on its use."
)

ON_A_SPACE = (
    "This is a Space: it runs on a machine of Hugging Face, to which your browser sends images and "
    "questions."
)


def leaving(settings: Settings, base: str) -> tuple[str, ...]:
    """A sentence for each thing that leaves by itself; none for an app that asks nobody anything.

    `base` is the name of the base that runs.
    """
    return tuple(_by_itself(settings, base))


def on_request() -> str:
    """What leaves only when someone asks for it."""
    return (
        "Whoever opens a checkpoint of the Hub (hf://…) asks it for that repository, and whoever "
        "names an image by its address asks that server for it."
    )


def _by_itself(settings: Settings, base: str) -> Iterator[str]:
    if base_name(base) == base and "/" in base:
        yield f"At start the Hub was asked for the base {base}, unless a copy of it was here."
    if settings.hub:
        yield (
            f"The Hub is asked for the checkpoints of {', '.join(settings.hub)}: it learns this "
            "machine's address, and whose token is set."
        )
    if told := what_is_tracked(settings):
        yield told
