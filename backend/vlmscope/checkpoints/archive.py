"""The directory of a `.pt` file that `torch.save` wrote: a zip archive of uncompressed records.

Read by hand, since every number in it is a claim of the file's author: nothing is decompressed, no
record may reach beyond the file or into another, and what is read of one is held against its CRC-32.
The format: APPNOTE.TXT 6.3.10 (PKWARE); PyTorch's writer aligns each record by padding its local header.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from zlib import crc32

from vlmscope.checkpoints.blob import Blob
from vlmscope.values.errors import CheckpointError, shown

TAIL = 66_000
"""Bytes read at first from the end: the longest comment, and the directory of hundreds of tensors."""
MAX_DIRECTORY = 4_000_000
MAX_RECORDS = 100_000
MAX_NAME = 512
PIECE = 2**20
"""Bytes of a record that are read at a time."""

_END = struct.Struct("<IHHHHIIH")
_END_64_PLACE = struct.Struct("<IIQI")
_END_64 = struct.Struct("<IQHHIIQQQQ")
_ENTRY = struct.Struct("<IHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_END_MARK, _END_64_PLACE_MARK, _END_64_MARK = 0x06054B50, 0x07064B50, 0x06064B50
_ENTRY_MARK, _LOCAL_MARK = 0x02014B50, 0x04034B50
_ZIP_64, _NONE_32, _NONE_16 = 0x0001, 0xFFFFFFFF, 0xFFFF
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Record:
    """A record: where its local header begins, how many bytes it holds, and their CRC-32.

    `end`: where what comes after it begins.
    """

    name: str
    header: int
    size: int
    crc: int
    end: int = 0


class Archive:
    """The records of an archive by name, without the folder that all of them lie in."""

    def __init__(self, blob: Blob) -> None:
        """Raises CheckpointError for what is no archive, or one that claims what it does not hold."""
        self._blob = blob
        self.records: Mapping[str, Record] = _records(blob)

    def read(self, name: str, limit: int) -> bytes:
        """A record's bytes, which have its CRC-32; raises CheckpointError."""
        record = self._record(name)
        if record.size > limit:
            raise CheckpointError(
                f"{self._blob.name} has a {name} of {record.size:,} bytes, and at most {limit:,} are read; "
                "save its tensors as .safetensors."
            )
        # The padding of the local header is not in the directory: room for it, and read once.
        ahead = min(_LOCAL.size + 2 * MAX_NAME + record.size, record.end - record.header)
        piece = self._blob.read(record.header, ahead)
        start = self._start(record, piece)
        data = piece[start : start + record.size]
        if len(data) < record.size:
            data = self._blob.read(record.header + start, record.size)
        self._check(record, crc32(data))
        return data

    def pieces(self, name: str) -> Iterator[tuple[int, bytes]]:
        """A record's bytes, one piece after the other, each with where in the record it begins.

        Raises CheckpointError after the last when they have not its CRC-32.
        """
        record = self._record(name)
        local = self._blob.read(record.header, min(_LOCAL.size, record.end - record.header))
        start = record.header + self._start(record, local)
        crc = 0
        for at in range(0, record.size, PIECE):
            piece = self._blob.read(start + at, min(PIECE, record.size - at))
            crc = crc32(piece, crc)
            yield at, piece
        self._check(record, crc)

    def _record(self, name: str) -> Record:
        record = self.records.get(name)
        if record is None:
            raise _damaged(self._blob, f"no record {shown(name)}")
        return record

    def _start(self, record: Record, local: bytes) -> int:
        """How far after its local header's beginning a record's bytes begin."""
        if len(local) < _LOCAL.size:
            raise _damaged(self._blob, f"a cut record {shown(record.name)}")
        mark, _, flags, method, _, _, _, _, _, names, extra = _LOCAL.unpack_from(local)
        if mark != _LOCAL_MARK or method or flags & _ENCRYPTED:
            raise _damaged(
                self._blob, f"a record {shown(record.name)} that is not where it should be"
            )
        start = _LOCAL.size + names + extra
        if record.header + start + record.size > record.end:
            raise _damaged(self._blob, f"a record {shown(record.name)} that reaches into another")
        return start

    def _check(self, record: Record, crc: int) -> None:
        if crc != record.crc:
            raise _damaged(
                self._blob,
                f"a record {shown(record.name)} whose bytes are not those of its CRC-32",
            )


def is_archive(start: bytes) -> bool:
    """Whether a file that begins so is a zip archive."""
    return start[:4] == b"PK\x03\x04"


def _records(blob: Blob) -> dict[str, Record]:
    tail_start = max(0, blob.size - TAIL)
    tail = blob.read(tail_start, blob.size - tail_start)
    end = tail.rfind(_END_MARK.to_bytes(4, "little"))
    if end < 0 or len(tail) - end < _END.size:
        raise _damaged(blob, "no end of a directory, so that it may be cut short")
    _, disk, first_disk, here, count, size, start, _ = _END.unpack_from(tail, end)
    limit = tail_start + end
    if disk or first_disk or here != count:
        raise _damaged(blob, "parts in other files")
    if count == _NONE_16 or _NONE_32 in (size, start):
        count, size, start, limit = _end_64(blob, tail, tail_start, end)
    if count > MAX_RECORDS or size > MAX_DIRECTORY or start + size > limit:
        raise _damaged(blob, f"a directory that claims {count:,} records in {size:,} bytes")
    inside = start - tail_start
    directory = tail[inside : inside + size] if inside >= 0 else blob.read(start, size)
    records = _in_place(blob, list(_entries(blob, directory, count)), start)
    return _in_one_folder(blob, records)


def _end_64(blob: Blob, tail: bytes, tail_start: int, end: int) -> tuple[int, int, int, int]:
    """Count, size and start of the directory, and where it must end, from the zip64 record."""
    place = end - _END_64_PLACE.size
    if place < 0:
        raise _damaged(blob, "no zip64 directory where it names one")
    mark, _, start_64, _ = _END_64_PLACE.unpack_from(tail, place)
    inside = start_64 - tail_start
    if mark != _END_64_PLACE_MARK or not 0 <= inside <= place - _END_64.size:
        raise _damaged(blob, "no zip64 directory where it names one")
    mark, _, _, _, disk, first_disk, here, count, size, start = _END_64.unpack_from(tail, inside)
    if mark != _END_64_MARK or disk or first_disk or here != count:
        raise _damaged(blob, "a zip64 directory that is none")
    return count, size, start, start_64


def _entries(blob: Blob, directory: bytes, count: int):
    at = 0
    for _ in range(count):
        if at + _ENTRY.size > len(directory):
            raise _damaged(blob, "a directory with fewer records than it claims")
        entry = _ENTRY.unpack_from(directory, at)
        mark, _, _, flags, method, _, _, crc, packed, size, names, extra, comment = entry[:13]
        header = entry[16]
        if mark != _ENTRY_MARK:
            raise _damaged(blob, "a directory entry that is none")
        at += _ENTRY.size
        raw = directory[at : at + names]
        fields = directory[at + names : at + names + extra]
        at += names + extra + comment
        if at > len(directory) or not 0 < names <= MAX_NAME:
            raise _damaged(blob, "a directory entry that reaches beyond the directory")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise _damaged(blob, f"a record with the name {raw[:40]!r}") from None
        if method or flags & _ENCRYPTED:
            raise CheckpointError(
                f"{blob.name} holds {shown(name)} compressed or encrypted, which PyTorch never "
                "writes; save it again with torch.save, or as .safetensors."
            )
        if _NONE_32 in (packed, size, header):
            size, packed, header = _zip_64(blob, fields, size, packed, header)
        if packed != size:
            raise _damaged(blob, f"a record {shown(name)} of two sizes")
        yield Record(name, header, size, crc)


def _zip_64(blob: Blob, fields: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """Sizes and place from the zip64 field, for those that do not fit into 32 bits."""
    at = 0
    while at + 4 <= len(fields):
        kind, length = struct.unpack_from("<HH", fields, at)
        if kind == _ZIP_64:
            values = [size, packed, header]
            wanted = [i for i, value in enumerate(values) if value == _NONE_32]
            if at + 4 + 8 * len(wanted) > len(fields) or length < 8 * len(wanted):
                break
            for i, value in zip(
                wanted, struct.unpack_from(f"<{len(wanted)}Q", fields, at + 4), strict=True
            ):
                values[i] = value
            return values[0], values[1], values[2]
        at += 4 + length
    raise _damaged(blob, "a record without its zip64 sizes")


def _in_place(blob: Blob, records: list[Record], directory: int) -> list[Record]:
    """The records, each with its end: one after the other before the directory, and none in another."""
    ordered = sorted(records, key=lambda record: record.header)
    ends = [*(record.header for record in ordered[1:]), directory]
    placed = [replace(record, end=end) for record, end in zip(ordered, ends, strict=True)]
    for record in placed:
        least = _LOCAL.size + len(record.name.encode()) + record.size
        if record.header + least > record.end:
            beyond = record.end == directory
            raise _damaged(
                blob, "a record that reaches beyond the file" if beyond else "records that overlap"
            )
    return placed


def _in_one_folder(blob: Blob, records: list[Record]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    folders = {record.name.partition("/")[0] for record in records}
    for record in records:
        folder, slash, name = record.name.partition("/")
        parts = name.split("/")
        if len(folders) > 1 or not slash or folder in ("", ".", "..") or {"", ".", ".."} & {*parts}:
            raise _damaged(blob, f"a record called {shown(record.name)}")
        if name in found:
            raise _damaged(blob, f"two records called {shown(name)}")
        found[name] = record
    return found


def _damaged(blob: Blob, what: str) -> CheckpointError:
    return CheckpointError(
        f"{blob.name} is no archive that torch.save wrote: it has {what}; save it again, or as "
        ".safetensors."
    )
