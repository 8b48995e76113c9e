"""The bytes of tensors that are views of an archive's records, within bounds of what is read and kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import itemgetter

from vlmscope.checkpoints.archive import Archive
from vlmscope.checkpoints.torch_file import Place
from vlmscope.values.errors import CheckpointError

TIMES = 16
"""How often what the tensors hold may be read and kept for them, beyond the room below."""
ROOM_READ = 2**28
ROOM_KEPT = 2**26
"""Bytes: a few numbers may be views of a storage of this size, and reach over this much of it."""


def gathered(
    name: str, archive: Archive, places: Mapping[str, Place]
) -> Iterator[tuple[str, bytearray]]:
    """For each key the bytes of its record from its first number to its last.

    A record is read once, since its CRC-32 is of all its bytes, and only what is wanted of it is kept.
    Raises CheckpointError, before anything is read, for few numbers spread over much.
    """
    by_record: dict[str, list[str]] = {}
    for key, place in places.items():
        if place.nbytes:
            by_record.setdefault(place.record, []).append(key)
        else:
            yield key, bytearray()
    ranges = {
        record: _merged([places[key].span for key in keys]) for record, keys in by_record.items()
    }
    held = sum(min(place.nbytes, place.span[1] - place.span[0]) for place in places.values())
    kept = sum(end - start for spans in ranges.values() for start, end in spans)
    read = sum(archive.records[record].size for record in ranges)
    if read > TIMES * held + ROOM_READ or kept > TIMES * held + ROOM_KEPT:
        raise CheckpointError(
            f"{name} holds {held:,} bytes of wanted tensors as views of {read:,}; call clone() on each "
            "before saving."
        )
    for record, keys in by_record.items():
        parts = _read(archive, record, ranges[record])
        for key in keys:
            start, end = places[key].span
            at = bisect_right(ranges[record], start, key=itemgetter(0)) - 1
            first, last = ranges[record][at]
            yield (
                key,
                parts[at]
                if (start, end) == (first, last)
                else parts[at][start - first : end - first],
            )


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same bytes in ranges, in order, that do not reach into each other."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start < out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def _read(archive: Archive, record: str, ranges: list[tuple[int, int]]) -> list[bytearray]:
    parts = [bytearray(end - start) for start, end in ranges]
    done = 0
    for at, piece in archive.pieces(record):
        while done < len(ranges) and ranges[done][1] <= at:
            done += 1
        for (start, end), part in zip(ranges[done:], parts[done:], strict=True):
            if start >= at + len(piece):
                break
            first, last = max(start, at), min(end, at + len(piece))
            part[first - start : last - start] = piece[first - at : last - at]
    return parts
