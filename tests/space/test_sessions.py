"""What is kept of a session: its own states, and nothing of the page that is everyone's."""

from types import SimpleNamespace

import gradio as gr
import pytest
from gradio import state_holder

from sessions import Lean, keep_little


@pytest.fixture
def page() -> SimpleNamespace:
    """A page with a state and a text field."""
    with gr.Blocks() as page:
        state = gr.State(["of everyone"])
        text = gr.Textbox("at first")
    return SimpleNamespace(blocks=page, state=state._id, text=text._id)


def changed() -> gr.Textbox:
    return gr.Textbox("changed", render=False)


def test_each_session_has_states_and_components_of_its_own(page):
    mine, other = Lean(page.blocks), Lean(page.blocks)
    mine[page.state].append("mine")
    mine[page.text] = changed()
    assert mine[page.state] == ["of everyone", "mine"]
    assert mine[page.text].value == "changed"
    assert (other[page.state], other[page.text].value) == (["of everyone"], "at first")


def test_no_session_has_a_copy_of_the_layout_whatever_happens_in_it(page, monkeypatch):
    monkeypatch.setattr(state_holder, "SessionState", state_holder.SessionState)
    keep_little()
    sessions = state_holder.StateHolder()
    sessions.set_blocks(page.blocks)
    mine = sessions["mine"]
    mine[page.text] = changed()
    mine._update_config(page.text)
    mine._update_value_in_config(page.text, "changed")
    assert mine.config_values == {}
