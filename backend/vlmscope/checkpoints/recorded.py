"""One record of a checkpoint, from all that its file, its neighbours and its name say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from vlmscope.checkpoints.blob import Blob
from vlmscope.checkpoints.header import read_header
from vlmscope.checkpoints.neighbours import Neighbours
from vlmscope.checkpoints.reader import PickleReader
from vlmscope.checkpoints.recognise import Recognised, recognise
from vlmscope.checkpoints.record import Checkpoint
from vlmscope.checkpoints.sayings import BY_HAND, Saying, put_together, said, said_by_file
from vlmscope.checkpoints.torch_file import is_torch_file, read_torch_file


def record_of(
    bare: Checkpoint, path: PurePosixPath, blob: Blob, reader: PickleReader, beside: Neighbours
) -> Checkpoint:
    """A record with all that the file, its neighbours and its name say; raises CheckpointError."""
    kind, outline, saying = _outlined(blob, reader)
    fits = kind.fits
    if kind.kind == "lora":
        fits = beside.base_of(path) or fits
    record = replace(
        bare,
        kind=kind.kind,
        fits=fits,
        tensors=outline.tensors,
        warnings=(*bare.warnings, *kind.warnings),
    )
    notes = beside.notes(path)
    # What a person writes down is newer than the file; what a trainer measured the file says best.
    by_hand = Saying(notes.who, {k: v for k, v in notes.says.items() if k in BY_HAND})
    return put_together(record, [by_hand, saying, notes, *beside.of(path)])


def _outlined(blob: Blob, reader: PickleReader) -> tuple[Recognised, Checkpoint, Saying]:
    """What a file of either format holds: its kind, a record with its tensors, and what it says itself."""
    if is_torch_file(blob):
        file = read_torch_file(blob, reader)
        kind = recognise(blob.name, file.header, file.is_training)
        tensors, saying = file.header.tensors, said_by_file("the file", file.facts)
    else:
        header = read_header(blob)
        kind = recognise(blob.name, header)
        tensors, saying = header.tensors, said("the file's header", header.metadata)
    return kind, Checkpoint(blob.name, "", tensors=dict(tensors)), saying
