"""Files of the Hub in pieces, over HTTP ranges; nothing of them is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from vlmscope.checkpoints.hub import Hub
from vlmscope.checkpoints.hub_errors import Cut, nonsense, not_the_hub
from vlmscope.checkpoints.hub_pinned import HubFile, Pinned
from vlmscope.checkpoints.hub_wait import Wait
from vlmscope.checkpoints.hub_wire import Answer
from vlmscope.values.errors import CheckpointError

_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19}|\*)")


class RemoteBlob:
    """A file at a commit, read in pieces while `wait` lasts, or while each piece takes no longer."""

    def __init__(self, hub: Hub, pinned: Pinned, file: HubFile, wait: Wait | None = None) -> None:
        self.name, self.size, self.moved = file.name, file.size, 0
        self._hub, self._pinned, self._file, self._wait = hub, pinned, file, wait

    def read(self, start: int, length: int) -> bytes:
        if length == 0:
            return b""
        place = self._pinned.at(self._file.path)
        data = bytearray()
        wait = self._wait or self._hub.wait()
        end = start + length
        with ranged(self._hub, self._pinned, self._file, start, end, wait) as (first, answer):
            if first != start:
                raise CheckpointError(
                    f"{place} cannot be read in pieces, the server does not give them; download it and "
                    "give the file."
                )
            for piece in answer.pieces:
                data += piece
                self.moved += len(piece)
                if len(data) > length:  # all of the file, of which only this was asked for
                    break
        if len(data) < length:
            raise Cut(f"{place} was cut in the middle; try again.")
        return bytes(data[:length])

    def close(self) -> None:
        """Nothing is kept open between the pieces."""


@contextmanager
def ranged(
    hub: Hub, pinned: Pinned, file: HubFile, start: int, end: int, wait: Wait
) -> Iterator[tuple[int, Answer]]:
    """An answer with the bytes from `start` to before `end`, or of the whole file; and where it begins."""
    place = pinned.at(file.path)
    headers = {"Range": f"bytes={start}-{end - 1}"}
    with hub.wire.opened(
        hub.url(pinned, file.path), place, wait, headers, may_leave=True
    ) as answer:
        if answer.is_html:
            raise not_the_hub(place, "a web page")
        if answer.status == 200:
            said = answer.headers.get("Content-Length", str(file.size))
            first, whole = 0, said
        else:
            found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            first, whole = (int(found[1]), found[3]) if found else (-1, "")
            if first != start:
                raise nonsense(place, "another piece than the one that was asked for")
        if whole not in ("*", str(file.size)):
            raise nonsense(place, "a file of another size than the one that is listed")
        yield first, answer
