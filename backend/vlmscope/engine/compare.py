"""`compare` and `run`: N variants of one base on one image and one question.

The vision tower runs once for the image, each variant has a prefill of its own, and all answers are
decoded in one batch. Work is done one step at a time: between two steps the device belongs to
whoever asks next, and closing the iterator frees it.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from vlmscope.checkpoints.head import LoadedHead
from vlmscope.engine.answer import Answer
from vlmscope.engine.base import SharedBase
from vlmscope.engine.decode import Batch
from vlmscope.engine.features import ImageFeatures, Pixels
from vlmscope.engine.options import Options, check_query
from vlmscope.engine.plans import check_image, check_plan
from vlmscope.engine.prefill import prefill
from vlmscope.engine.prompt import Prompt
from vlmscope.engine.row import Clock, Row
from vlmscope.engine.sampling import Chooser
from vlmscope.engine.stamp import make_stamp
from vlmscope.values.errors import InputError, VlmscopeError
from vlmscope.values.events import Event, Failed, Finished, Started, Stopped
from vlmscope.values.images import open_image
from vlmscope.values.result import Result, RunImage
from vlmscope.values.run import Run
from vlmscope.values.variant import Variant, with_unique_ids
from vlmscope.variants.context import Context
from vlmscope.variants.registry import make_kind

log = logging.getLogger(__name__)


def compare(
    base: SharedBase,
    image: Any,
    query: str,
    variants: Sequence[Variant | str],
    **options: Any,
) -> Generator[Event, None, None]:
    """Stream the answers and maps of every variant; `close()` cancels.

    `image` is a PIL image, uint8 [H, W, 3] or a path. Options: `max_new_tokens=128`,
    `temperature=0.0` and `seed=0` (the same random stream for each variant), `stop` (a function
    asked before each step; true stops what is not finished), `max_image_pixels`.

    Raises InputError at once for an image, question, option or list of variants that cannot be
    used. A variant that fails gives a `Failed` event and leaves the others alone.
    """
    try:
        checked = Options(**options)
    except TypeError:
        known = Options.__dataclass_fields__
        unknown = ", ".join(name for name in options if name not in known)
        raise InputError(f"compare has no option {unknown}; it has {', '.join(known)}.") from None
    asked = check_query(query)
    parsed = _parse(variants)
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
        stamp=make_stamp(base, checked.mode, checked.repeats),
        image=RunImage(picture, pixels.rows, pixels.cols),
        query=asked,
        variants=tuple(with_unique_ids(parsed)),
        options=checked.recorded(),
    )
    return _Comparison(base, started, pixels, prompt, checked).events()


def run(
    base: SharedBase,
    image: Any,
    query: str,
    variants: Sequence[Variant | str],
    **options: Any,
) -> Run:
    """`compare`, gathered: a `Run` whose results are in the variants' order."""
    started: Started | None = None
    results: dict[int, Result] = {}
    for event in compare(base, image, query, variants, **options):
        if isinstance(event, Started):
            started = event
        elif isinstance(event, Finished | Failed | Stopped):
            results[event.index] = event.result
    assert started is not None
    return Run(
        base=started.base,
        stamp=started.stamp,
        image=started.image,
        query=started.query,
        results=tuple(results[index] for index in sorted(results)),
        options=started.options,
    )


def _parse(variants: Any) -> list[Variant]:
    given = [] if isinstance(variants, str | Variant) else list(variants or ())
    if not given:
        raise InputError('There is no list of variants to compare; give at least ["baseline"].')
    for each in given:
        if not isinstance(each, str | Variant):
            raise InputError(f"{each!r} is no variant; give a Variant or its line of text.")
    return [v if isinstance(v, Variant) else Variant.parse(v) for v in given]


class _Comparison:
    def __init__(
        self,
        base: SharedBase,
        started: Started,
        pixels: Pixels,
        prompt: Prompt,
        options: Options,
    ) -> None:
        self._base = base
        self._started = started
        self._pixels = pixels
        self._prompt = prompt
        self._options = options

    def events(self) -> Generator[Event, None, None]:
        yield self._started
        rows = [self._row(i, variant) for i, variant in enumerate(self._started.variants)]
        if not self._asked_to_stop():
            yield from self._answers(rows)
        for row in rows:
            if not row.ended:
                yield row.stopped()

    def _answers(self, rows: list[Row]) -> Iterator[Event]:
        """The vision tower once, then every row's prefill, then all answers in one batch."""
        try:
            with self._base.turn:
                features = self._base.features(self._pixels)
        except Exception as error:  # without features there is nothing that any row could do
            sentence = _sentence("The vision tower", error, "use a smaller image")
            for row in rows:
                yield row.failed(sentence)
            return
        for row in rows:
            if self._asked_to_stop():
                break
            yield from self._guarded(row, self._begin(row, features))
        yield from self._decode([row for row in rows if not row.ended])

    def _row(self, index: int, variant: Variant) -> Row:
        chooser = Chooser(self._options.temperature, self._options.seed)
        return Row(index, variant, chooser, Answer(self._base.tokenizer))

    def _asked_to_stop(self) -> bool:
        return self._options.stop is not None and bool(self._options.stop())

    def _begin(self, row: Row, features: ImageFeatures) -> Iterator[Event]:
        """Plan and prefill one row, and say its first token."""
        with self._base.turn:
            kind, heads = make_kind(row.variant), _Heads(self._base)
            clock = self._clock()
            plan = kind.plan(self._context(heads, features))
            self._base.synchronize()
            row.metrics["select_s"] = clock.seconds - heads.seconds
        prompt = self._prompt
        if plan.image is not None:
            check_image(row.variant, plan.image)
            prompt, features = self._see(row, plan.image)
        check_plan(row.variant, plan, prompt.grid)
        row.plan = plan
        row.maps.update({each.key: each for each in plan.maps})
        row.warnings.extend(plan.warnings)
        row.metrics["image_tokens"] = len(row.result("done").kept)
        row.metrics["image_tokens_total"] = self._started.image.tokens
        if features.seconds is not None:
            row.metrics["vision_s"] = features.seconds
        yield row.maps_event()
        with self._base.turn:
            clock = self._clock()
            row.prefilled = prefill(self._base.model, prompt, features, plan)
            self._base.synchronize()
            row.metrics["prefill_s"] = clock.seconds
        figures = row.metrics
        if features.seconds is not None:
            figures["ttft_s"] = features.seconds + figures["select_s"] + figures["prefill_s"]
        figures["kv_mib"] = row.prefilled.kv_mib
        row.maps["attention"] = row.prefilled.attention
        yield row.maps_event()
        yield from self._take(row, row.prefilled.logits)

    def _see(self, row: Row, image: np.ndarray) -> tuple[Prompt, ImageFeatures]:
        """What the base makes of a row's own input image."""
        picture = Image.fromarray(image)
        pixels = self._base.pixels(picture)
        row.image = RunImage(picture, pixels.rows, pixels.cols)
        with self._base.turn:
            features = self._base.features(pixels)
        return self._base.prompt(self._started.query, pixels), features

    def _decode(self, rows: list[Row]) -> Iterator[Event]:
        """One batch of all rows that began; rows leave it as they end."""
        rows = [row for row in rows if row.prefilled is not None]
        if not rows or self._asked_to_stop():
            return
        batch: Batch | None = None
        ended: list[int] = []
        while rows and not self._asked_to_stop():
            try:
                with self._base.turn:
                    if batch is None:
                        batch = Batch(self._base.model, [row.prefilled for row in rows])  # type: ignore[misc]
                        for row in rows:
                            row.prefilled = None
                    elif ended:
                        batch.drop(ended)
                    logits = batch.step([row.last_token for row in rows])
            except Exception as error:  # one fault of the device ends every row in the batch
                sentence = _sentence("The batch of all answers", error, _FEWER)
                for row in rows:
                    yield row.failed(sentence)
                return
            for row, row_logits in zip(rows, logits, strict=True):
                yield from self._guarded(row, self._take(row, row_logits))
            ended = [place for place, row in enumerate(rows) if row.ended]
            rows = [row for row in rows if not row.ended]

    def _take(self, row: Row, logits: torch.Tensor) -> Iterator[Event]:
        yield from row.take(logits, self._base.end_tokens, self._options.max_new_tokens)

    def _guarded(self, row: Row, events: Iterator[Event]) -> Iterator[Event]:
        """The events of a row's own work; a fault in it ends that row alone."""
        try:
            yield from events
        except Exception as error:
            yield row.failed(_sentence(row.variant.title, error, _FEWER))

    def _context(self, heads: _Heads, features: ImageFeatures) -> Context:
        base, pixels, query = self._base, self._pixels, self._started.query
        return Context(
            image=np.asarray(self._started.image.pixels),
            query=query,
            grid=(pixels.rows, pixels.cols),
            hidden_size=base.hidden_size,
            device=base.device,
            make_query_embeddings=lambda: base.query_embeddings(query),
            make_features=lambda: features.merged,
            load_head=heads.load,
            grid_of=self._grid_of,
        )

    def _grid_of(self, image: np.ndarray) -> tuple[int, int]:
        pixels = self._base.pixels(Image.fromarray(image))
        return pixels.rows, pixels.cols

    def _clock(self) -> Clock:
        self._base.synchronize()
        return Clock()


class _Heads:
    """Loads heads for a plan, and knows how long that took: reading a file is no selection."""

    def __init__(self, base: SharedBase) -> None:
        self._base = base
        self.seconds = 0.0

    def load(self, source: str) -> LoadedHead:
        clock = Clock()
        head = self._base.head(source)
        self.seconds += clock.seconds
        return head


_FEWER = "use fewer variants at once, a smaller keep= or a smaller image"


def _sentence(what: str, error: Exception, way_out: str) -> str:
    """What a person is told of a fault; the log gets its trace."""
    if isinstance(error, VlmscopeError):
        return str(error)
    log.error("%s failed", what, exc_info=error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return f"{what} ran out of memory; {way_out}."
    reason = (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
    return f"{what} failed with {type(error).__name__} ({reason}); the log has its trace."
