"""The hardware of a Space that the app is built and checked for, and what each asks for."""

from dataclasses import dataclass

from refusal import Refused


@dataclass(frozen=True)
class Hardware:
    """Hardware by its name on the Hub.

    `torch` and `python` are the versions it needs; none: those of requirements.txt and of the
    front matter.
    """

    name: str
    has_gpu: bool
    torch: str | None = None
    python: str | None = None


CPU = Hardware("cpu-basic", has_gpu=False)
T4 = Hardware("t4-small", has_gpu=True)
# ZeroGPU runs torch 2.8 to 2.11 on Python 3.10 or 3.12, and transformers 5 needs 3.11 or newer.
ZERO = Hardware("zero-a10g", has_gpu=True, torch="2.11.0", python="3.12")
ALL = (T4, ZERO, CPU)


def hardware_of(name: str) -> Hardware:
    """The hardware of this name; raises Refused for any other."""
    for each in ALL:
        if each.name == name:
            return each
    raise Refused(
        f"HARDWARE={name} is none that this Space is built for; "
        f"give {', '.join(each.name for each in ALL[:-1])} or {ALL[-1].name}."
    )
