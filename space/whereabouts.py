"""Where the app runs, and what follows from it: who is trusted, and what is kept.

docs/people.md has the table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["desk", "server", "original", "duplicate"]

ORIGINAL = "OWNER/NAME"
"""The Space that the public knows. A deploy writes its name here; who duplicates that one has it too."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECONDS = 10
"""How long the Hub is waited for, once, at the start of a duplicate."""


@dataclass(frozen=True)
class Whereabouts:
    """One of four places, and whether strangers come there.

    The `desk` is one's own machine, reached from there alone; a `server` any other machine that is no
    Space; the `original` is the Space that the public knows, a `duplicate` any other Space.
    """

    kind: Kind = "desk"
    is_public: bool = False

    @property
    def is_private(self) -> bool:
        """Whether only people come whom the owner trusts.

        They open any repository, `.pt` files and the machine's own, read where files lie, and are held to
        no share of the machine. Strangers open what is offered and what HUB names, safetensors alone.
        """
        return not self.is_public

    @property
    def keeps(self) -> bool:
        """Whether the disk is its one user's, for good: a history is kept there unasked, without a limit."""
        return self.kind == "desk" and self.is_private

    @property
    def is_space(self) -> bool:
        return self.kind in ("original", "duplicate")


def whereabouts(space: str | None, host: str, public: bool | None = None) -> Whereabouts:
    """Where a `space` (None: no Space) is, or an app that listens at `host`.

    `public` is what its owner says of it. A duplicate of which nothing is said is taken for public.
    """
    if space is not None:
        kind: Kind = "original" if space == ORIGINAL else "duplicate"
    else:
        kind = "desk" if host in LOOPBACK else "server"
    return Whereabouts(kind, kind != "desk" if public is None else public)


def seen_by_anyone(space: str) -> bool | None:
    """Whether the Hub shows a Space to who did not sign in; None where it cannot be asked."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        HfApi(token=False).space_info(space, timeout=SECONDS)
    except RepositoryNotFoundError:
        return False
    except Exception:  # no network, an answer that is none, or told to stay offline
        return None
    return True


def ask_who_comes(
    space: str | None,
    where: Whereabouts,
    public: bool | None,
    ask: Callable[[str], bool | None] = seen_by_anyone,
) -> tuple[bool | None, str]:
    """Whether strangers come, asked of the Hub for a duplicate that is not told; a sentence if it fails."""
    if space is None or where.kind != "duplicate" or public is not None:
        return public, ""
    seen = ask(space)
    if seen is None:
        return None, (
            "The Hub could not be asked whether this Space is private, so it runs as a public one; set "
            "PUBLIC=no if it is private."
        )
    return seen, ""
