"""A comparison goes into the history as it ends; whatever hinders that, the comparison stays."""

import logging
from dataclasses import dataclass

from application import App
from history.values import HistoryError
from menu import Choice
from offer import Offer
from people import Visit
from vlmscope import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recorded:
    """The entry's id, or the sentence that says why there is none; neither where nothing is kept."""

    id: int | None = None
    problem: str = ""


def record(
    app: App,
    visit: Visit,
    run: Run | None,
    expected: str | None = None,
    added: tuple[Choice, ...] = (),
) -> Recorded:
    """Keep a comparison that is done, stopped or failed for the person of `visit`; never raises.

    Offered checkpoints, and those that the person `added`, are kept by name. A comparison that never
    started (None) and one of nobody's are not kept.
    """
    if run is None or not visit.person:
        return Recorded()
    try:
        kept = Offer((*app.choices, *added), app.settings.is_private).veiled_run(run)
        return Recorded(app.history.keep_run(visit.person, kept, expected=expected))
    except HistoryError as refused:
        return Recorded(problem=f"Not in the history: {refused}")
    except Exception:
        log.exception("a comparison could not be kept")
        return Recorded(
            problem="Not in the history: it could not be kept; the server's log says why."
        )
