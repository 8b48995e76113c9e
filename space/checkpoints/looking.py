"""Looking for checkpoints: in the app's places and in those that a person names beside them."""

from typing import Any

import gradio as gr

from application import App
from checkpoints.layout import MAX_PLACE, CheckpointsTab, Kept
from checkpoints.listing import listed
from events import AT_LENGTH, QUEUED
from layout import problem
from people import Visit
from shelf import Found

MAX_PLACES = 8


class Beside:
    """The places that one page looks into beside the app's own: another tuple once one is added."""

    def __init__(self) -> None:
        self.places: tuple[str, ...] = ()


def look_for(app: App, opened: gr.Tab, shown: CheckpointsTab, kept: Kept, visit: gr.State) -> None:
    """Look when the tab is opened, when asked to, and into one more place; list what was found."""
    shelf = app.shelf
    changed = [kept.found, shown.place_problem, *shown.listed]

    def look(visit: Visit, token: gr.OAuthToken | None, beside: Beside, *view: str) -> list[Any]:
        places = beside.places
        found = shelf.look(places, app.readers.of(visit.person, token))
        if beside.places is not places:  # whoever added one lists it with all the others
            return [gr.skip()] * len(changed)
        return [found, problem(" ".join(found.problems)), *listed(shelf, found, *view)]

    def look_into(
        visit: Visit,
        token: gr.OAuthToken | None,
        place: str,
        beside: Beside,
        *view: str,
    ) -> list[Any]:
        place = place.strip()[:MAX_PLACE]
        refused = shelf.refusal(place)
        if not refused and len(beside.places) >= MAX_PLACES:
            refused = f"{MAX_PLACES} places are looked into already; reload the page to begin anew."
        if refused:
            return [gr.skip(), problem(refused), *[gr.skip()] * len(shown.listed)]
        if place not in beside.places:
            beside.places = (*beside.places, place)
        return look(visit, token, beside, *view)

    def show(found: Found, *view: str) -> list[Any]:
        return listed(shelf, found, *view)

    gr.on(
        [opened.select, shown.again.click],
        look,
        [visit, kept.beside, *shown.view],
        changed,
        **AT_LENGTH,
    )
    gr.on(
        [shown.look.click, shown.place.submit],
        look_into,
        [visit, shown.place, kept.beside, *shown.view],
        changed,
        **AT_LENGTH,
    )
    gr.on(
        [each.change for each in shown.view],
        show,
        [kept.found, *shown.view],
        shown.listed,
        **QUEUED,
    )
