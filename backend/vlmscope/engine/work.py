"""The steps of a comparison, each by itself on the device; in which order is its mode's affair."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from PIL import Image

from vlmscope.checkpoints.head import LoadedHead
from vlmscope.checkpoints.hub_errors import Interrupted
from vlmscope.engine.adapters import Adapted
from vlmscope.engine.admission import check_room
from vlmscope.engine.answer import Answer
from vlmscope.engine.base import SharedBase
from vlmscope.engine.decode import Batch
from vlmscope.engine.features import ImageFeatures, Pixels
from vlmscope.engine.flops import prefill_flops
from vlmscope.engine.options import Options
from vlmscope.engine.plans import check_image, check_plan
from vlmscope.engine.prefill import prefill
from vlmscope.engine.prompt import Prompt
from vlmscope.engine.row import Clock, Row
from vlmscope.engine.sampling import Chooser
from vlmscope.values.errors import VlmscopeError, plain
from vlmscope.values.events import Event, Started, Stopped
from vlmscope.values.result import RunImage
from vlmscope.values.selection import carriers
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context
from vlmscope.variants.registry import make_kind

log = logging.getLogger(__name__)

T = TypeVar("T")

FEWER = "use fewer variants at once, a smaller keep= or a smaller image"


class Sight:
    """What the vision tower makes of images, each looked at once, and the seconds that it took.

    With `anew`, nothing is taken that was remembered from before.
    """

    def __init__(self, base: SharedBase, anew: bool = False) -> None:
        self._look = base.look if anew else base.features
        self._seen: dict[tuple[str, str], tuple[ImageFeatures, float | None]] = {}
        self.seconds = 0.0

    def of(self, pixels: Pixels, adapted: Adapted) -> tuple[ImageFeatures, float | None]:
        """The image's features, and the seconds of the tower, None when they were remembered.

        The turn on the device is the caller's.
        """
        key = (pixels.key, adapted.tower_key)
        if key not in self._seen:
            self._seen[key] = self._look(pixels, adapted)
            self.seconds += self._seen[key][1] or 0.0
        return self._seen[key]


@dataclass(frozen=True, eq=False)
class Work:
    """A comparison that was asked for, and what can be done for it."""

    base: SharedBase
    started: Started
    pixels: Pixels
    prompt: Prompt
    options: Options
    begun: Clock = field(default_factory=Clock)

    def row(self, index: int, variant: Variant) -> Row:
        chooser = Chooser(self.options.temperature, self.options.seed)
        return Row(index, variant, chooser, Answer(self.base.tokenizer))

    def rows(self) -> list[Row]:
        return [self.row(i, variant) for i, variant in enumerate(self.started.variants)]

    @property
    def is_late(self) -> bool:
        return self.begun.seconds > self.options.max_seconds

    def asked_to_stop(self) -> bool:
        return self.is_late or (self.options.stop is not None and bool(self.options.stop()))

    def stopped(self, row: Row) -> Stopped:
        """The end of a row that was not finished, and that time was the reason when it was."""
        if self.is_late:
            row.warnings.append(f"Stopped after {self.options.max_seconds:g} s, the limit here.")
        return row.stopped()

    def choose(self, row: Row, sight: Sight) -> None:
        """Let one row's kind decide what it is run on."""
        for source in row.variant.sources:  # a download holds up nobody else
            self.base.local(source, self.asked_to_stop)
        with self.base.turn:
            kind, heads = make_kind(row.variant), _Heads(self.base)
            row.adapted = self.base.adapted(row.variant.loras)
            looked, clock = sight.seconds, self.clock()
            context = self.context(heads.load, sight, row.adapted)
            plan = kind.plan(context)
            self.base.synchronize()
            others = heads.seconds + (sight.seconds - looked) + context.aside_seconds
            row.metrics["select_s"] = clock.seconds - others
        row.prompt, row.pixels = self.prompt, self.pixels
        if plan.image is not None:
            check_image(row.variant, plan.image)
            picture = Image.fromarray(plan.image)
            row.pixels = self.base.pixels(picture)
            row.prompt = self.base.prompt(self.started.query, row.pixels)
            row.image = RunImage(picture, row.pixels.rows, row.pixels.cols)
        check_plan(row.variant, plan, row.prompt.grid)
        row.plan = plan
        row.maps.update({each.key: each for each in plan.maps})
        row.warnings.extend(plan.warnings)
        row.metrics["image_tokens"] = len(carriers(plan.assign))
        row.metrics["image_tokens_total"] = self.started.image.tokens

    def prefill(self, row: Row, sight: Sight) -> None:
        """Run one row's prompt; once more in float32 where float16 overflows."""
        assert row.plan and row.adapted and row.prompt and row.pixels
        adapted = row.adapted.wide if row.is_wide else row.adapted
        with self.base.turn:
            features, seconds = sight.of(row.pixels, adapted)
        check_room(self.base, row)
        with self.base.turn:
            clock = self.clock()
            row.prefilled = prefill(adapted.model, row.prompt, features, row.plan)
            self.base.synchronize()
            prefill_s = clock.seconds
        if self.overflows(row, row.prefilled.logits):
            row.widen()
            return self.prefill(row, sight)
        if features.is_wide:
            row.warnings.append(
                "The vision tower ran in float32, because it overflowed in float16."
            )
        figures = row.metrics
        figures["prefill_s"] = prefill_s
        if seconds is not None:
            figures["vision_s"] = seconds
            figures["ttft_s"] = seconds + figures["select_s"] + prefill_s
        figures["kv_mib"] = row.prefilled.kv_mib
        figures["prefill_gflop"] = prefill_flops(adapted.model, row.prefilled.length) / 1e9
        row.maps["attention"] = row.prefilled.attention

    def roomily(self, step: Callable[[], T]) -> T:
        """Take a step; once more, with what is kept for later forgotten, when memory runs out."""
        try:
            return step()
        except Exception as error:
            if not ran_out_of_memory(error):
                raise
        log.warning("Memory ran out: what was kept for later is forgotten, and once more.")
        self.base.memory.forget()
        return step()

    def first(self, row: Row) -> Iterator[Event]:
        """The maps of a row that was prefilled, and its first token."""
        assert row.prefilled is not None
        yield row.maps_event()
        look = row.prefilled.attention.values if self.options.word_maps else None
        yield from self.take(row, row.prefilled.logits, look)

    def overflows(self, row: Row, logits: torch.Tensor) -> bool:
        """Whether a row's logits are not finite, and float32 may mend that."""
        return self.base.widens and not row.is_wide and not bool(torch.isfinite(logits).all())

    def redo(self, row: Row, sight: Sight) -> Batch | None:
        """A row whose answer overflowed, run again in float32 up to its last token.

        Gives a batch of its own that is to take that token next; None when it was asked to stop.
        """
        row.widen()
        self.prefill(row, sight)
        with self.base.turn:
            batch = batch_of([row])
        for token_id in row.answer.token_ids[:-1]:
            if self.asked_to_stop():
                return None
            with self.base.turn:
                batch.step([token_id])
        return batch

    def take(
        self, row: Row, logits: torch.Tensor, look: np.ndarray | None = None
    ) -> Iterator[Event]:
        """Let the row choose; `look` [rows, cols] is where the model looked meanwhile."""
        yield from row.take(logits, self.base.end_tokens, self.options.max_new_tokens, look)

    def guarded(self, row: Row, events: Iterator[Event]) -> Iterator[Event]:
        """The events of a row's own work; a fault in it ends that row alone."""
        try:
            yield from events
        except Interrupted:  # a download that was asked to stop: the row is stopped with the others
            return
        except Exception as error:
            yield row.failed(sentence(row.variant.title, error, FEWER))

    def clock(self) -> Clock:
        self.base.synchronize()
        return Clock()

    def context(
        self, load_head: Callable[[str], LoadedHead], sight: Sight, adapted: Adapted
    ) -> Context:
        """What a kind may look at here."""
        base, query = self.base, self.started.query
        return Context(
            image=np.asarray(self.started.image.pixels),
            query=query,
            grid=(self.pixels.rows, self.pixels.cols),
            hidden_size=base.hidden_size,
            device=base.device,
            make_query_embeddings=lambda: base.query_embeddings(query),
            make_features=lambda: sight.of(self.pixels, adapted)[0].merged,
            load_head=load_head,
            grid_of=self._grid_of,
            embed=base.query_embeddings,
        )

    def _grid_of(self, image: np.ndarray) -> tuple[int, int]:
        pixels = self.base.pixels(Image.fromarray(image))
        return pixels.rows, pixels.cols


def batch_of(rows: Sequence[Row]) -> Batch:
    """A batch of rows that were prefilled on one model; their own caches become the batch's."""
    prefilled = [row.prefilled for row in rows]
    batch = Batch(rows[0].model, prefilled)  # type: ignore[arg-type]
    for row in rows:
        row.prefilled = None
    return batch


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


def ran_out_of_memory(error: Exception) -> bool:
    """Whether a device, or the machine, had no memory left; PyTorch says it of a CPU in words alone."""
    is_said = isinstance(error, RuntimeError) and "not enough memory" in str(error)
    return is_said or isinstance(error, torch.OutOfMemoryError | MemoryError)


def sentence(what: str, error: Exception, way_out: str) -> str:
    """What a person is told of a fault; the log gets its trace."""
    if isinstance(error, VlmscopeError):
        return str(error)
    log.error("%s failed", what, exc_info=error)
    if ran_out_of_memory(error):
        return f"{what} ran out of memory; {way_out}."
    reason = (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
    return plain(f"{what} failed with {type(error).__name__} ({reason}); the log has its trace.")
