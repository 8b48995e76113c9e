"""A comparison goes into the history as it ends; whatever hinders that, the comparison stays."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from application import App
from history.values import HistoryError
from menu import Choice
from offer import Offer
from people import Visit
from titles import base_name
from vlmscope import Run, Variant

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
        kept = veiled(app, run, added)
        return Recorded(app.history.keep_run(visit.person, kept, expected=expected))
    except HistoryError as refused:
        return Recorded(problem=f"Not in the history: {refused}")
    except Exception:
        log.exception("a comparison could not be kept")
        return Recorded(
            problem="Not in the history: it could not be kept; the server's log says why."
        )


def veiled(app: App, run: Run, added: tuple[Choice, ...] = ()) -> Run:
    """The run as it is kept: checkpoints that are offered, or that a person added, by name.

    On a shared server nothing else in it says where files lie either: not an error, nor the base.
    """
    offer = Offer((*app.choices, *added), app.settings.is_private)
    if app.settings.is_private:
        return offer.veiled_run(run)
    results = tuple(
        replace(result, error=result.error and _without_places(result.error, result.variant))
        for result in run.results
    )
    base = {**run.base, "name": base_name(str(run.base.get("name") or ""))}
    stamp = {**run.stamp, "base": base_name(str(run.stamp.get("base") or ""))}
    return offer.veiled_run(replace(run, base=base, stamp=stamp, results=results))


def _without_places(sentence: str, variant: Variant) -> str:
    for source in variant.sources:
        sentence = sentence.replace(source, Path(source).name)
    return sentence
