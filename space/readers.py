"""Who reads the Hub: the machine for everyone, and each person who signed in for themselves."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from people import is_signed_in
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_own import OwnHub
from vlmscope.checkpoints.hub_place import hub_place
from vlmscope.checkpoints.places import is_hub
from vlmscope.checkpoints.sources import local_source


class Readers:
    """What is `offered` to everyone is read by the machine, as is all for those who did not sign in.

    A token comes with each call, and is not kept. What was fetched with it lies in a folder of that person
    alone, is given only while the Hub says that they may have it, and goes when they are gone.
    """

    def __init__(self, hub: Hub, offered: Sequence[str]) -> None:
        self._hub, self._offered = hub, tuple(offered)
        self._home = TemporaryDirectory(prefix="vlmscope-own-", ignore_cleanup_errors=True)

    def of(self, person: str, token: gr.OAuthToken | None) -> Hub:
        """The Hub as one person reads it; for one call."""
        if token is None or not is_signed_in(person):
            return self._hub
        return OwnHub(self._hub, self._offered, token.token, self._folder(person))

    def fetched(
        self, person: str, token: gr.OAuthToken | None, sources: Sequence[str], pickles: bool
    ) -> dict[str, str]:
        """Where the files lie, by source, that are read for this person alone; raises CheckpointError.

        For work that goes on without them, and so without their token.
        """
        hub = self.of(person, token)
        own = (s for s in sources if is_hub(s) and hub.reader_of(hub_place(s)) is not self._hub)
        return {source: local_source(source, pickles, hub) for source in own}

    def forget(self, person: str) -> None:
        """What was fetched for a person leaves the disk."""
        if is_signed_in(person):
            shutil.rmtree(self._folder(person), ignore_errors=True)

    def _folder(self, person: str) -> Path:
        return Path(self._home.name, hashlib.sha256(person.encode()).hexdigest())
