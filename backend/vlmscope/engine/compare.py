"""`compare`, `run` and `select`: N variants of one base on one image and one question.

Work is done one step at a time: between two steps the device belongs to whoever asks next, and
closing the iterator frees it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

from vlmscope.checkpoints.hub_errors import Interrupted
from vlmscope.engine.base import SharedBase
from vlmscope.engine.measured import measured
from vlmscope.engine.options import Options, check_query
from vlmscope.engine.row import Row
from vlmscope.engine.stamp import make_stamp
from vlmscope.engine.together import together
from vlmscope.engine.work import FEWER, Sight, Work, sentence
from vlmscope.values.errors import InputError
from vlmscope.values.events import Event, Failed, Maps, Started, Stopped
from vlmscope.values.gathering import Gathering
from vlmscope.values.images import open_image
from vlmscope.values.result import RunImage
from vlmscope.values.run import Run
from vlmscope.values.variant import Variant, with_unique_ids


def compare(
    base: SharedBase,
    image: Any,
    query: str,
    variants: Sequence[Variant | str],
    **options: Any,
) -> Generator[Event, None, None]:
    """Stream the answers and maps of every variant; `close()` cancels.

    `image` is a PIL image, uint8 [H, W, 3] or a path. Options: `max_new_tokens=128`, `mode`
    ("together" for answers, "measured" for figures, each variant by itself and `repeats` times, 3
    unless told otherwise), `temperature=0.0` and `seed=0` (the same random stream for each variant),
    `word_maps=True` (where each variant looked as it wrote each token, and what it dropped of what
    the baseline looked at), `stop` (a function asked before each step; true stops what is not
    finished), `max_image_pixels`, `max_seconds` (an hour; what is not finished then is stopped, between
    two steps).

    Raises InputError at once for an image, question, option or list of variants that cannot be
    used. A variant that fails gives a `Failed` event and leaves the others alone.
    """
    work = prepared(base, image, query, variants, options)
    return measured(work) if work.options.mode == "measured" else together(work)


def select(
    base: SharedBase,
    image: Any,
    query: str,
    variants: Sequence[Variant | str],
    **options: Any,
) -> list[Maps | Failed | Stopped]:
    """What each variant would keep, and the maps of its method, in the variants' order.

    Nothing is answered and the language model does not run; the vision tower only for a kind that
    looks at its output, and not when the image's features are remembered: quick enough to follow a
    slider. Takes what `compare` takes and raises what it raises; a variant that cannot choose is a
    `Failed`, one that `stop` or `max_seconds` came before a `Stopped`.
    """
    work = prepared(base, image, query, variants, options)
    sight = Sight(base)
    return [_chosen(work, row, sight) for row in work.rows()]


def _chosen(work: Work, row: Row, sight: Sight) -> Maps | Failed | Stopped:
    if work.asked_to_stop():
        return work.stopped(row)
    try:
        work.roomily(lambda: work.choose(row, sight))
        return row.maps_event()
    except Interrupted:  # a download that was asked to stop
        return work.stopped(row)
    except Exception as error:
        return row.failed(sentence(row.variant.title, error, FEWER))


def run(
    base: SharedBase,
    image: Any,
    query: str,
    variants: Sequence[Variant | str],
    **options: Any,
) -> Run:
    """`compare`, gathered: a `Run` whose results are in the variants' order."""
    return gathered(compare(base, image, query, variants, **options))


def gathered(events: Iterable[Event]) -> Run:
    """The run that the events of a whole comparison tell of."""
    gathering = Gathering()
    for event in events:
        gathering.add(event)
    whole = gathering.to_run()
    assert whole is not None
    return whole


def parse_variants(variants: Any) -> list[Variant]:
    """Variants given as such or as lines of text; raises InputError for none, and for what is neither."""
    given = [] if isinstance(variants, str | Variant) else list(variants or ())
    if not given:
        raise InputError('There is no list of variants to compare; give at least ["baseline"].')
    for each in given:
        if not isinstance(each, str | Variant):
            raise InputError(f"{each!r} is no variant; give a Variant or its line of text.")
    return [v if isinstance(v, Variant) else Variant.parse(v) for v in given]


def prepared(
    base: SharedBase,
    image: Any,
    query: str,
    variants: Sequence[Variant | str],
    options: Mapping[str, Any],
) -> Work:
    """A comparison that can be done; raises InputError for one that cannot."""
    checked = Options.of(options)
    asked = check_query(query)
    parsed = parse_variants(variants)
    picture = open_image(image, checked.max_image_pixels)
    pixels = base.pixels(picture)
    prompt = base.prompt(asked, pixels)
    if prompt.next_position + checked.max_new_tokens > base.max_positions:
        raise InputError(
            f"Image and question take {prompt.ids.numel():,} tokens and the answer "
            f"{checked.max_new_tokens:,}, more than this base's {base.max_positions:,} positions; "
            "ask a shorter question, or for a shorter answer."
        )
    started = Started(
        base=base.describe(),
        stamp=make_stamp(base, checked.mode, checked.times),
        image=RunImage(picture, pixels.rows, pixels.cols),
        query=asked,
        variants=tuple(with_unique_ids(parsed)),
        options=checked.recorded(),
    )
    return Work(base, started, pixels, prompt, checked)
