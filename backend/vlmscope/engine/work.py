"""The steps of a comparison, each by itself on the device; in which order is its mode's affair."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image

from vlmscope.checkpoints.head import LoadedHead
from vlmscope.engine.adapters import Adapted
from vlmscope.engine.answer import Answer
from vlmscope.engine.base import SharedBase
from vlmscope.engine.features import ImageFeatures, Pixels
from vlmscope.engine.flops import prefill_flops
from vlmscope.engine.options import Options
from vlmscope.engine.plans import check_image, check_plan
from vlmscope.engine.prefill import prefill
from vlmscope.engine.prompt import Prompt
from vlmscope.engine.row import Clock, Row
from vlmscope.engine.sampling import Chooser
from vlmscope.values.errors import VlmscopeError
from vlmscope.values.events import Event, Started
from vlmscope.values.result import RunImage
from vlmscope.values.selection import carriers
from vlmscope.values.variant import Variant
from vlmscope.variants.context import Context
from vlmscope.variants.registry import make_kind

log = logging.getLogger(__name__)

FEWER = "use fewer variants at once, a smaller keep= or a smaller image"


class Sight:
    """What the vision tower makes of images, each looked at once, and the seconds that it took.

    With `anew`, nothing is taken that was remembered from before.
    """

    def __init__(self, base: SharedBase, anew: bool = False) -> None:
        self._look = base.look if anew else base.features
        self._seen: dict[tuple[str, str], ImageFeatures] = {}
        self.seconds = 0.0

    def of(self, pixels: Pixels, adapted: Adapted) -> ImageFeatures:
        """The image's features; the turn on the device is the caller's."""
        key = (pixels.key, adapted.tower_key)
        if key not in self._seen:
            self._seen[key] = self._look(pixels, adapted)
            self.seconds += self._seen[key].seconds or 0.0
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

    def stopped(self, row: Row) -> Event:
        """The end of a row that was not finished, and that time was the reason when it was."""
        if self.is_late:
            row.warnings.append(
                f"Stopped, not finished within max_seconds={self.options.max_seconds:g}."
            )
        return row.stopped()

    def plan(self, row: Row, sight: Sight) -> tuple[Prompt, Pixels]:
        """Let one row's kind decide; gives the prompt and the pixels that it is then run on."""
        with self.base.turn:
            kind, heads = make_kind(row.variant), _Heads(self.base)
            row.adapted = self.base.adapted(row.variant.loras)
            looked, clock = sight.seconds, self.clock()
            plan = kind.plan(self._context(heads, sight, row.adapted))
            self.base.synchronize()
            row.metrics["select_s"] = clock.seconds - heads.seconds - (sight.seconds - looked)
        prompt, pixels = self.prompt, self.pixels
        if plan.image is not None:
            check_image(row.variant, plan.image)
            picture = Image.fromarray(plan.image)
            pixels = self.base.pixels(picture)
            prompt = self.base.prompt(self.started.query, pixels)
            row.image = RunImage(picture, pixels.rows, pixels.cols)
        check_plan(row.variant, plan, prompt.grid)
        row.plan = plan
        row.maps.update({each.key: each for each in plan.maps})
        row.warnings.extend(plan.warnings)
        row.metrics["image_tokens"] = len(carriers(plan.assign))
        row.metrics["image_tokens_total"] = self.started.image.tokens
        return prompt, pixels

    def begin(self, row: Row, sight: Sight) -> Iterator[Event]:
        """Plan and prefill one row, and say its first token."""
        prompt, pixels = self.plan(row, sight)
        assert row.plan is not None and row.adapted is not None
        with self.base.turn:
            features = sight.of(pixels, row.adapted)
        figures = row.metrics
        if features.seconds is not None:
            figures["vision_s"] = features.seconds
        yield row.maps_event()
        with self.base.turn:
            clock = self.clock()
            row.prefilled = prefill(row.adapted.model, prompt, features, row.plan)
            self.base.synchronize()
            figures["prefill_s"] = clock.seconds
        if features.seconds is not None:
            figures["ttft_s"] = features.seconds + figures["select_s"] + figures["prefill_s"]
        figures["kv_mib"] = row.prefilled.kv_mib
        figures["prefill_gflop"] = prefill_flops(row.adapted.model, row.prefilled.length) / 1e9
        row.maps["attention"] = row.prefilled.attention
        yield row.maps_event()
        look = row.prefilled.attention.values if self.options.word_maps else None
        yield from self.take(row, row.prefilled.logits, look)

    def take(
        self, row: Row, logits: torch.Tensor, look: np.ndarray | None = None
    ) -> Iterator[Event]:
        """Let the row choose; `look` [rows, cols] is where the model looked meanwhile."""
        yield from row.take(logits, self.base.end_tokens, self.options.max_new_tokens, look)

    def guarded(self, row: Row, events: Iterator[Event]) -> Iterator[Event]:
        """The events of a row's own work; a fault in it ends that row alone."""
        try:
            yield from events
        except Exception as error:
            yield row.failed(sentence(row.variant.title, error, FEWER))

    def clock(self) -> Clock:
        self.base.synchronize()
        return Clock()

    def _context(self, heads: _Heads, sight: Sight, adapted: Adapted) -> Context:
        base, query = self.base, self.started.query
        return Context(
            image=np.asarray(self.started.image.pixels),
            query=query,
            grid=(self.pixels.rows, self.pixels.cols),
            hidden_size=base.hidden_size,
            device=base.device,
            make_query_embeddings=lambda: base.query_embeddings(query),
            make_features=lambda: sight.of(self.pixels, adapted).merged,
            load_head=heads.load,
            grid_of=self._grid_of,
        )

    def _grid_of(self, image: np.ndarray) -> tuple[int, int]:
        pixels = self.base.pixels(Image.fromarray(image))
        return pixels.rows, pixels.cols


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
    return f"{what} failed with {type(error).__name__} ({reason}); the log has its trace."
