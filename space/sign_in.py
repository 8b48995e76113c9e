"""The button to sign in with one's account on the Hub, and out again."""

import json

import gradio as gr

from events import QUIET

SIGN_IN = "Sign in with Hugging Face"
GO = """(said) => {
  const to = said === %s ? "/login/huggingface" : "/logout";
  window.parent.postMessage({ type: "SET_SCROLLING", enabled: true }, "*");
  location.assign(`${to}?_target_url=/${encodeURIComponent(location.search)}`);
}"""
"""In the browser: there, and back to the same address. In a Space's frame the Hub's page has to scroll."""


class SignIn(gr.LoginButton):
    """Gradio's own button, which brings the routes and the session that signing in takes.

    Its events are wired as the page's others are; whoever greets a person tells it who they are.
    """

    is_template = True

    def get_block_name(self) -> str:
        return "button"

    def activate(self) -> None:
        self.click(None, self, None, js=GO % json.dumps(SIGN_IN), **QUIET)


def sign_in(is_there: bool) -> SignIn | None:
    """The button, where people may sign in."""
    if not is_there:
        return None
    return SignIn(
        SIGN_IN, variant="secondary", size="sm", scale=0, min_width=190, elem_id="sign-in"
    )


def says(username: str | None) -> str:
    """What the button says to somebody."""
    return f"Sign out {username}" if username else SIGN_IN
