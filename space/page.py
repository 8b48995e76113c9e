"""The page: its tabs, who opened it, and what happens when they leave."""

import hashlib
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency
from starlette.middleware import Middleware

from about_tab import about_tab
from addresses import fetch_within_bounds
from api import api
from application import App
from batch.tab import batch_tab
from checkpoints.tab import checkpoints_tab
from compare_tab import compare_tab
from doors import Bounds, Doors
from events import QUEUED, QUIET
from history.tab import history_tab
from layout import THEME, masthead
from leaving import leaving
from linking import first_sight, make_links
from opening import outputs
from people import MOST_OPEN, Visit, is_browser, new_browser, person_of
from sessions import keep_little
from settings import Settings
from sign_in import SignIn, says, sign_in
from titles import base_title
from vlmscope import SharedBase

STYLE = Path(__file__).with_name("style.css")
KEYS = Path(__file__).with_name("keys.js")

CACHE_SECONDS = (3600, 86400)
"""Every hour, what people uploaded or compared a day ago is deleted."""
MOST_EVENTS = 1000
"""So many events wait for one of Gradio's threads; comparisons wait in the app's own line."""
THREADS = 40
"""Gradio's threads beside those in which comparisons run and wait."""
MOST_FILE = 64 * 2**20
"""Bytes of one file that strangers bring."""


def build(app: App) -> gr.Blocks:
    """The page as Gradio Blocks; whatever belongs to one person is in their own `gr.State`."""
    fetch_within_bounds()
    keep_little()
    with gr.Blocks(
        title="vlmscope", analytics_enabled=False, fill_width=True, delete_cache=CACHE_SECONDS
    ) as page:
        browser = gr.BrowserState("", storage_key="vlmscope", secret=_seal(app.settings.secret))
        visit = gr.State(Visit(""))
        with gr.Row(elem_id="top"):
            trouble = app.trouble if app.settings.is_private else ""
            masthead(base_line(app.base), privacy_line(app), f"{app.notice} {trouble}".strip())
            door = sign_in(app.settings.asks_to_sign_in)
        greeted = _come_and_go(app, page, browser, visit, door)
        with gr.Tabs(selected="compare", elem_id="tabs") as tabs:
            compare = compare_tab(app, tabs, visit)
            batch_tab(app, compare, visit, greeted)
            checkpoints_tab(app, compare, visit)
            history_tab(app, compare, visit, greeted)
            about_tab(app)
        make_links(app, compare)
        greeted.then(first_sight(app, compare), [visit, compare.added], outputs(compare), **QUEUED)
        api(app, page)
    return page.queue(max_size=MOST_EVENTS)


def launch_options(settings: Settings | None = None) -> dict[str, Any]:
    """What `launch` needs beside the address."""
    settings = settings or Settings()
    doors = Middleware(Doors, bounds=None if settings.is_private else Bounds())
    return {
        "max_threads": THREADS + settings.places + settings.queue,
        "app_kwargs": {"middleware": [doors]},
        "max_file_size": None if settings.is_private else MOST_FILE,
        "state_session_capacity": MOST_OPEN,
        "enable_monitoring": False,
        "theme": THEME,
        "css_paths": [STYLE],
        "js": KEYS.read_text(encoding="utf-8"),
        "ssr_mode": False,
        "footer_links": [],
        "quiet": True,
        "mcp_server": True,
    }


def base_line(base: SharedBase) -> str:
    """The base in a few words: what it is, in which precision, on what."""
    device = "CPU" if base.device.type == "cpu" else str(base.device)
    return " · ".join((base_title(base.name), str(base.dtype).removeprefix("torch."), device))


def privacy_line(app: App) -> str:
    """Who can see what one does here, in a few words; the tab About says all of it."""
    where = app.settings.where
    if where.is_space:
        return "private Space" if where.is_private else "public Space"
    if not where.is_private:
        return "shared server"
    if where.kind == "server":
        return "private server"
    leaves = leaving(app.settings, app.base.name)
    return "private · About says what leaves" if leaves else "private · nothing leaves this machine"


def _seal(secret: str | None) -> str | None:
    """What a browser's key is sealed with: every page is told it, so it says nothing of the secret."""
    return secret and hashlib.sha256(b"browser\0" + secret.encode()).hexdigest()


def _come_and_go(
    app: App,
    page: gr.Blocks,
    browser: gr.BrowserState,
    visit: gr.State,
    door: SignIn | None,
) -> Dependency:
    """What happens when a page opens and closes; the event after which it is known whose it is."""

    def greet(key: Any, request: gr.Request, profile: gr.OAuthProfile | None) -> dict[Block, Any]:
        key = key if is_browser(key) else new_browser()
        user = profile.username if profile else request.username
        arrived = app.visits.arrive(str(request.session_hash), person_of(key, user))
        told = {door: says(user)} if door else {}
        return {browser: key, visit: arrived, **told}

    def leave(request: gr.Request) -> None:
        app.visits.leave(str(request.session_hash))

    if not app.history.is_lasting:
        app.visits.when_gone(app.history.forget_person)
    app.visits.when_gone(app.readers.forget)
    page.unload(leave)
    return page.load(greet, browser, [browser, visit, *([door] if door else [])], **QUIET)
