"""`SharedBase`: one model for all variants and all users, loaded once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from vlmscope.checkpoints.adapter import CONFIG, adapter_file, fit_lora
from vlmscope.checkpoints.content import content_key
from vlmscope.checkpoints.head import LoadedHead, check_head, load_head
from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.places import weights_file
from vlmscope.checkpoints.sources import held_source
from vlmscope.engine.adapters import Adapted, adapt
from vlmscope.engine.features import ImageFeatures, Pixels, to_pixels
from vlmscope.engine.loading import Parts, choose_device, choose_dtype, find_base, load_parts
from vlmscope.engine.memory import Limits, Memory, limits_of
from vlmscope.engine.prompt import Prompt, build_prompt
from vlmscope.engine.room import enforce
from vlmscope.engine.shell import OFFLOADED, is_offloaded
from vlmscope.engine.turn import Turn
from vlmscope.values.errors import BaseError, CheckpointError, InputError


@dataclass(frozen=True, eq=False)
class SharedBase:
    """A Qwen3-VL with its tokenizer and image processor, safe to share between users.

    Checkpoints come from this machine or through `hub` (None: any repository, with the environment's
    token); without `pickles`, safetensors alone. `found` says of sources that were looked for before where
    they lie on this machine, or why they are refused: nobody is asked for them again. `turn` is held for
    each single step of work on the device. Nothing that belongs to one comparison is kept on the model.
    """

    name: str
    revision: str | None
    model: Any
    tokenizer: Any
    image_processor: Any
    device: torch.device
    dtype: torch.dtype
    turn: Turn = field(default_factory=Turn)
    pickles: bool = True
    hub: Hub | None = None
    memory: Memory = field(default=None)  # type: ignore[assignment]
    found: Mapping[str, str | CheckpointError] = field(default_factory=dict)
    plain: Adapted = field(default=None)  # type: ignore[assignment]
    """The base without an adapter."""

    def __post_init__(self) -> None:
        if self.memory is None:
            object.__setattr__(self, "memory", Memory(self.device, Limits()))
        if self.plain is None:
            object.__setattr__(self, "plain", Adapted(self.model))

    def knowing(self, found: Mapping[str, str | CheckpointError]) -> SharedBase:
        """The same base, its memory and its turn, to which `found` is known of checkpoints."""
        return replace(self, found=found)

    def reading(self, hub: Hub | None) -> SharedBase:
        """The same base, its memory and its turn, which reads checkpoints through another `hub`."""
        return replace(self, hub=hub)

    @classmethod
    def load(
        cls,
        name_or_folder: str | os.PathLike[str] | None = None,
        *,
        revision: str | None = None,
        device: str | torch.device | None = None,
        dtype: str | torch.dtype | None = None,
        memory_gib: float | None = None,
        heads: int | None = None,
        pickles: bool = True,
        hub: Hub | None = None,
    ) -> SharedBase:
        """The shipped base, a folder, or a model id of the Hub at a revision.

        float32 on a CPU, else bfloat16 where the device computes in it natively, else float16.
        `memory_gib` is the ceiling of all that is held on the device (of the process on a CPU), what
        it has free unless told otherwise; a base that does not fit is partly offloaded. `heads` is
        how many ARR-COC heads stay loaded: 2 on a GPU of 16 GiB or less, else 4.

        Raises BaseError, one sentence, for a base that is missing or unfit.
        """
        chosen_device = choose_device(device)
        chosen_dtype = choose_dtype(dtype, chosen_device)
        limits = limits_of(chosen_device, memory_gib, heads)
        if memory_gib is not None and limits.ceiling is not None:
            enforce(chosen_device, limits.ceiling)
        memory = Memory(chosen_device, limits)
        source = find_base(name_or_folder, revision)
        parts: Parts = load_parts(source, chosen_device, chosen_dtype, memory.left)
        return cls(
            source.name,
            source.revision,
            parts.model,
            parts.tokenizer,
            parts.image_processor,
            chosen_device,
            chosen_dtype,
            memory=memory,
            pickles=pickles,
            hub=hub,
        )

    @property
    def hidden_size(self) -> int:
        """Width of the language model: the D of an ARR-COC head that fits."""
        return int(self.model.config.get_text_config().hidden_size)

    @property
    def end_tokens(self) -> frozenset[int]:
        """Ids that end an answer."""
        configured = self.model.generation_config.eos_token_id
        if configured is None:
            configured = self.tokenizer.eos_token_id
        return frozenset([configured] if isinstance(configured, int) else configured or ())

    def weights(self) -> Iterator[torch.Tensor]:
        """Every parameter once, also where tied ones are apart because they are offloaded."""
        tied = self.model.all_tied_weights_keys
        return (weight for name, weight in self.model.named_parameters() if name not in tied)

    @property
    def is_offloaded(self) -> bool:
        """Whether some of the weights are not on the device, which had no room for them."""
        return is_offloaded(self.model)

    @property
    def widens(self) -> bool:
        """Whether what overflows can be run again in float32."""
        return self.dtype == torch.float16 and not self.is_offloaded

    @property
    def max_positions(self) -> int:
        return int(self.model.config.get_text_config().max_position_embeddings)

    def describe(self) -> dict[str, Any]:
        """What a run records of its base, as plain data."""
        config = self.model.config
        return {
            "name": self.name,
            "revision": self.revision,
            "parameters": sum(weight.numel() for weight in self.weights()),
            "hidden_size": self.hidden_size,
            "layers": int(config.get_text_config().num_hidden_layers),
        }

    def pixels(self, image: Image.Image) -> Pixels:
        """The image as the vision tower takes it; raises InputError for a shape it refuses."""
        try:
            return to_pixels(self.image_processor, image)
        except ValueError as error:
            raise InputError(
                f"The image of {image.width}×{image.height} pixels cannot be resized for this base "
                f"({str(error).rstrip('.')}); give another shape."
            ) from error

    def prompt(self, query: str, pixels: Pixels) -> Prompt:
        """The chat prompt of this image and question, with every image token."""
        return build_prompt(self.model, self.tokenizer, query, pixels.grid_thw)

    def adapted(self, adapters: Sequence[str]) -> Adapted:
        """The base with the adapter that is named, from a small LRU, or as it is; it never changes.

        Raises CheckpointError for an adapter that cannot be read or does not fit.
        """
        if not adapters:
            return self.plain
        if len(adapters) > 1:
            raise InputError(
                f"A variant has one adapter, and {' and '.join(adapters)} were given; leave one out."
            )
        with self.held(adapters[0]) as local:
            file = adapter_file(local, self.pickles)
            check = partial(fit_lora, str(file), self.plain.linear)
            key = content_key(file, file.with_name(CONFIG), check=check)
            return self.memory.adapters.get_or_make(key, lambda: adapt(self.model, str(file), key))

    def check_adapter(self, source: str) -> None:
        """Raise CheckpointError unless this adapter could be loaded; none of its tensors is read."""
        if self.is_offloaded:
            raise CheckpointError(OFFLOADED)
        with self.held(source) as local:
            fit_lora(local, self.plain.linear)

    def check_head(self, source: str) -> None:
        """Raise CheckpointError unless this ARR-COC head could be loaded; its tensors are not made."""
        with self.held(source) as local:
            self._head_of(local)

    def features(self, pixels: Pixels, adapted: Adapted) -> tuple[ImageFeatures, float | None]:
        """The image's features, from the vision tower once and from a small LRU after that.

        An adapter on the tower has its own. With the seconds of this call: None when they were
        remembered.
        """
        seconds: list[float] = []

        def look() -> ImageFeatures:
            fresh, took = self.look(pixels, adapted)
            seconds.append(took)
            return fresh

        kept = self.memory.features.get_or_make((pixels.key, adapted.tower_key), look)
        return kept, seconds[0] if seconds else None

    @torch.inference_mode()
    def query_embeddings(self, query: str) -> torch.Tensor:
        """Input embeddings of the bare query's tokens, without chat template, float32 [T, D]."""
        ids = self.tokenizer(query, add_special_tokens=False)["input_ids"]
        table = self.model.get_input_embeddings()
        return table(torch.tensor(ids, device=self.device)).float()

    def head(self, source: str) -> LoadedHead:
        """The ARR-COC head that `source` names, from a small LRU; raises CheckpointError."""
        with self.held(source) as local:
            file, key = self._head_of(local)
            return self.memory.heads.get_or_make(
                key, lambda: load_head(str(file), self.hidden_size, self.device)
            )

    def _head_of(self, local: str) -> tuple[Path, str]:
        """A head's file and the digest of its content; raises CheckpointError for one that does not fit."""
        file = weights_file(local, self.pickles)
        return file, content_key(file, check=partial(check_head, file, self.hidden_size))

    @contextmanager
    def held(self, source: str, stop: Callable[[], bool] | None = None) -> Iterator[str]:
        """The source itself, or the file that was fetched for it from the Hub; raises CheckpointError.

        While this lasts, the file does not leave the Hub's cache for others.
        """
        known = self.found.get(source)
        if isinstance(known, CheckpointError):
            raise CheckpointError(str(known))
        if known is not None:
            yield known
            return
        with held_source(source, self.pickles, self.hub, stop=stop) as local:
            yield local

    def local(self, source: str, stop: Callable[[], bool] | None = None) -> str:
        """As `held`, for a moment."""
        with self.held(source, stop) as local:
            return local

    def synchronize(self) -> None:
        """Wait for the device, so that a clock read next is true."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def look(self, pixels: Pixels, adapted: Adapted) -> tuple[ImageFeatures, float]:
        """The image's features, from the vision tower now, and the seconds that it took.

        Where float16 overflows they are computed once more in float32. Raises BaseError when they
        are not finite then either.
        """
        self.synchronize()
        start = time.perf_counter()
        features = _see(adapted.model, pixels, self.device)
        if not features.is_finite and self.widens and not adapted.is_wide:
            features = replace(_see(adapted.wide.model, pixels, self.device), is_wide=True)
        self.synchronize()
        if not features.is_finite:
            raise BaseError(
                f"The vision tower's output is not finite in {str(self.dtype)[6:]}; "
                "load the base with dtype='float32'."
            )
        return features, time.perf_counter() - start


@torch.inference_mode()
def _see(model: Any, pixels: Pixels, device: torch.device) -> ImageFeatures:
    seen = model.get_image_features(
        pixels.values.to(device), pixels.grid_thw.to(device), return_dict=True
    )
    return ImageFeatures(
        seen.pooler_output[0], tuple(level[0] for level in seen.deepstack_features)
    )
