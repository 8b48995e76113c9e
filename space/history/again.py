"""A stored comparison run again: its image, question, variants and options on the base of today."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from application import App
from comparing import StopSignal
from engine import compare
from menu import Choice
from offer import Offer
from pace import Work
from request import word_maps_problem
from standing import sentences
from vlmscope import (
    Event,
    Failed,
    Finished,
    Gathering,
    InputError,
    Run,
    SharedBase,
    Stopped,
    Token,
    Variant,
)

OPTIONS = ("max_new_tokens", "mode", "repeats", "temperature", "seed", "word_maps")
MOST_REPEATS = 10
"""An imported comparison may ask for any number."""


@dataclass(frozen=True)
class Plan:
    """What is to run, and what of the stored comparison cannot."""

    variants: tuple[Variant, ...]
    options: dict[str, Any]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """How far it is: `ended` of `total` variants; `run` is what there is of it. Before it begins, `place`
    says where it stands in the line."""

    ended: int
    total: int
    run: Run | None
    place: str = ""


def plan(app: App, run: Run, added: tuple[Choice, ...]) -> Plan:
    """The comparison that would run; raises InputError when no variant of it can."""
    offer = Offer((*app.choices, *added), app.settings.is_private)
    variants, left_out = [], []
    for result in run.results[: app.settings.max_variants]:
        try:
            variants.append(offer.resolved(result.variant))
        except InputError as refused:
            left_out.append(str(refused))
    if not variants:
        raise InputError(left_out[0] if left_out else "This comparison has no variant to run.")
    options = {name: run.options[name] for name in OPTIONS if name in run.options}
    for name, most in (("max_new_tokens", app.settings.max_new_tokens), ("repeats", MOST_REPEATS)):
        if isinstance(options.get(name), int):
            options[name] = min(options[name], most)
    options.setdefault("max_new_tokens", app.settings.max_new_tokens)
    if options.get("word_maps"):
        longest = app.settings.max_new_tokens
        if sentence := word_maps_problem(run.image.tokens, len(variants), longest):
            raise InputError(sentence)
    return Plan(tuple(variants), options, tuple(left_out))


def steps(
    app: App,
    run: Run,
    wanted: Plan,
    stop: StopSignal,
    who: str,
    base: SharedBase | None = None,
) -> Generator[Step, None, None]:
    """Run it, and tell after every change but a word's; raises what the engine raises, or Busy.

    `base` is the app's, unless one is given that reads checkpoints for somebody.
    """
    gathering, ended, total = Gathering(), 0, len(wanted.variants)
    # A batch gives way to it, as to any comparison.
    mode = "measured" if wanted.options.get("mode") == "measured" else "together"
    with (
        app.journal.entry("again", who, mode) as entry,
        app.places.comparison(who, Work(mode, total)) as entry.ticket,
    ):
        entry.asks(wanted.variants, (run.image.width, run.image.height), run.query)
        for place in sentences(entry.ticket.waits(stop.is_set)):
            yield Step(0, total, None, place)
        events = compare(
            base or app.base,
            run.image.pixels,
            run.query,
            wanted.variants,
            stop=stop.is_set,
            **app.settings.engine_options,
            **wanted.options,
        )
        with closing(events):
            for event in events:
                gathering.add(event)
                ended += _is_end(event)
                if not isinstance(event, Token):
                    yield Step(ended, total, gathering.to_run())
        entry.run = gathering.to_run()


def _is_end(event: Event) -> bool:
    return isinstance(event, Finished | Failed | Stopped)
