"""What Gradio keeps of each open page, without what only its deep links need."""

from types import SimpleNamespace
from typing import Any

from gradio import state_holder
from gradio.blocks import Blocks


class Lean(state_holder.SessionState):
    """A page's states and what its components have become, and no copy of the whole layout beside them.

    Gradio makes that copy for every session, a client's of the API too, and holds it for as long: half a
    megabyte and 20 ms each for this page. It is read by deep links alone, which `doors` closes.
    """

    def __init__(self, blocks: Blocks) -> None:
        nothing_to_copy: Any = SimpleNamespace(default_config=blocks.default_config, blocks=())
        super().__init__(nothing_to_copy)

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


def keep_little() -> None:
    """Have Gradio keep `Lean` states from now on."""
    state_holder.SessionState = Lean
