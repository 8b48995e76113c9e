"""Files of the history: what is picked, or all that is found, goes into one; entries come out of one."""

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from application import App
from card import size_text
from compare_tab import CompareTab
from events import PRIVATE
from gradio_comparisongrid import Comparison
from history.exporting import export
from history.finding import found, list_parts, listed
from history.importing import GridFile, read_file
from history.layout import HistoryTab, Updates, told
from history.values import HistoryError
from layout import in_the_grid, problem
from opening import outputs
from people import Visit

log = logging.getLogger(__name__)

MOST_AT_THE_DESK, MOST_OF_STRANGERS = 512 * 2**20, 64 * 2**20
"""Bytes of a file that is imported: read, it takes several times as many."""
SAVE = """(file) => {
  if (file) Object.assign(document.createElement("a"), { href: file.url, download: "" }).click();
}"""
"""In the browser: the file is saved as it comes; the button that offers it is drawn when it is."""

BUSY: dict[str, Any] = {
    **PRIVATE,
    "concurrency_id": "history-files",
    "concurrency_limit": 1,
    "trigger_mode": "once",
}


def transfer(
    app: App,
    compare: CompareTab,
    shown: HistoryTab,
    visit: gr.State,
    picked: gr.State,
    page: gr.State,
) -> None:
    most = MOST_AT_THE_DESK if app.settings.is_private else MOST_OF_STRANGERS

    def save(visit: Visit, picked: tuple[int, ...], format: str, *view: Any) -> Updates:
        try:
            ids = picked or app.history.ids(visit.person, **found(*view))
            if not ids:
                return {shown.said: problem("There is nothing to export."), shown.file: _no_file()}
            # Nobody guesses a name so long: the file is for whoever asked for it.
            folder = Path(shown.file.GRADIO_CACHE) / secrets.token_urlsafe(32)
            folder.mkdir(parents=True)
            file = export(app.history, visit.person, ids, format, folder)
        except HistoryError as refused:
            return {shown.said: problem(str(refused)), shown.file: _no_file()}
        except OSError as error:
            said = f"The file cannot be written ({error.strerror}); export fewer entries at once."
            return {shown.said: problem(said), shown.file: _no_file()}
        except Exception:
            log.exception("an export failed")
            said = "The export failed unexpectedly; the server's log says where."
            return {shown.said: problem(said), shown.file: _no_file()}
        shown.file.temp_files.add(str(file))
        what = "1 entry" if len(ids) == 1 else f"{len(ids):,} entries"
        label = f"Save {what} as {format} ({size_text(file.stat().st_size)})"
        return {
            shown.said: told(""),
            shown.file: gr.update(value=str(file), label=label, visible=True),
        }

    def bring(
        visit: Visit, upload: str | None, page: int, picked: tuple[int, ...], entry: Any, *view: Any
    ) -> Iterator[Updates]:
        if not upload:
            yield {shown.said: problem("There is no file; choose one.")}
            return
        file = Path(upload)
        yield {shown.said: told("It is read …")}
        try:
            brought = read_file(file, most, app.settings.max_image_pixels)
            ids = app.history.adopt(visit.person, brought)
        except GridFile as grid:
            yield _in_the_grid(compare, shown, file, str(grid))
            return
        except HistoryError as refused:
            yield {shown.said: problem(f"Nothing was imported: {refused}")}
            return
        except Exception:
            log.exception("an import failed")
            said = "Nothing was imported: it failed unexpectedly; the server's log says where."
            yield {shown.said: problem(said)}
            return
        what = "1 entry is" if len(ids) == 1 else f"{len(ids):,} entries are"
        yield {shown.said: told(f"{what} in your history now.")} | listed(
            app, shown, visit, page, picked, entry, view
        )

    shown.export.click(
        save, [visit, picked, shown.format, *shown.view], [shown.said, shown.file], **BUSY
    ).success(None, shown.file, None, js=SAVE)
    shown.upload.upload(
        bring,
        [visit, shown.upload, page, picked, shown.entry, *shown.view],
        [shown.said, *list_parts(shown), *outputs(compare)],
        **BUSY,
    )


def _in_the_grid(compare: CompareTab, shown: HistoryTab, file: Path, said: str) -> Updates:
    try:
        value = Comparison.load(file)
    except ValueError as refused:
        why = str(refused).replace(str(file), file.name)
        return {shown.said: problem(f"Nothing was imported: {why}.")}
    return {
        compare.tabs: gr.update(selected="compare"),
        **in_the_grid(compare.shown, value),
        shown.said: told(said),
    }


def _no_file() -> Any:
    return gr.update(value=None, visible=False)
