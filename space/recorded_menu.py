"""The menu of recorded comparisons beside the grid; it opens one, and is ready for the next."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from events import QUEUED
from figures import table
from layout import note, note_files
from people import Visit
from recorded import Recorded


def recorded_menu(recorded: tuple[Recorded, ...]) -> gr.Dropdown | None:
    """The menu; none where nothing was recorded."""
    if not recorded:
        return None
    return gr.Dropdown(
        [(each.name, index) for index, each in enumerate(recorded)],
        value=None,
        label="Recorded comparisons",
        info="of another base or machine; none of it is computed here",
        elem_id="recorded",
    )


def open_recorded(recorded: tuple[Recorded, ...], menu: gr.Dropdown | None, compare: Any) -> None:
    """Show what is chosen. The budget, votes and the look inside are of live comparisons alone."""
    if menu is None:
        return
    form, shown, mine = compare.form, compare.shown, compare.mine

    def show(index: int | None, visit: Visit) -> Mapping[Any, Any]:
        if not isinstance(index, int) or not 0 <= index < len(recorded):
            return {menu: None}
        if visit.stop.is_in_use:
            return {menu: None, shown.note: note("A comparison runs; stop it, or wait.")}
        chosen = recorded[index]
        value = chosen.value()
        note_files(shown.grid, value)
        return {
            menu: None,
            form.image: chosen.run.image.pixels,
            form.question: chosen.run.query,
            shown.note: note(chosen.note),
            shown.grid: value,
            shown.table: table(value),
            mine.last: None,
        }

    menu.input(
        show,
        [menu, mine.visit],
        [menu, form.image, form.question, shown.note, shown.grid, shown.table, mine.last],
        **QUEUED,
    )
