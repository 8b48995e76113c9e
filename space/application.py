"""What the app is made of: read once at start, shared by everyone."""

from dataclasses import dataclass, field

import gradio as gr

from examples import Example
from history.store import History
from journal import Journal
from lasts import Lasts
from menu import Choice
from people import Visit, Visits
from places import Places
from readers import Readers
from recorded import Recorded
from settings import Settings
from shelf import Shelf
from tracking import Tracker
from vlmscope import SharedBase


@dataclass(frozen=True)
class App:
    """The base, what is offered beside it, and who is here; whatever is one person's is not in it.

    `notice` is for everyone; `trouble` may name what lies on this machine, and is for people who are trusted.
    """

    base: SharedBase
    settings: Settings
    choices: tuple[Choice, ...]
    examples: tuple[Example, ...]
    shelf: Shelf
    notice: str = ""
    trouble: str = ""
    visits: Visits = field(default_factory=Visits)
    places: Places = field(default_factory=lambda: Places(Settings().places))
    history: History = field(default_factory=lambda: History(None))
    lasts: Lasts = field(default_factory=Lasts)
    tracker: Tracker = field(default_factory=Tracker)
    recorded: tuple[Recorded, ...] = ()
    journal: Journal = field(default_factory=Journal)
    readers: Readers = field(default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.readers is None:
            object.__setattr__(self, "readers", Readers(self.shelf.hub, self.settings.hub))

    def base_of(self, visit: Visit, token: gr.OAuthToken | None) -> SharedBase:
        """The base as the person of a visit has it: with their own right to read checkpoints."""
        return self.base.reading(self.readers.of(visit.person, token))
