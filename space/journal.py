"""One line in the log for each comparison and each case of a batch: who, what and how it went, no content."""

import hashlib
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from logs import JOURNAL
from places import Ticket
from vlmscope import Run, Variant, VlmscopeError
from vlmscope.values.errors import plain

log = logging.getLogger(JOURNAL)

Outcome = Literal["done", "stopped", "timeout", "failed", "refused"]
MOST_OF_A_QUESTION = 500
_PLAIN = re.compile(r"[\w.,:+/-]+", re.ASCII)


@dataclass
class Entry:
    """A comparison under way. `refused` and `failed` are said by whoever sees it; the rest is in its run."""

    how: str
    who: str
    mode: str = ""
    variants: Sequence[Variant] = ()
    size: tuple[int, int] | None = None
    question: str = ""
    ticket: Ticket | None = None
    run: Run | None = None
    outcome: Outcome | None = None

    def asks(self, variants: Sequence[Variant], size: tuple[int, int], question: str) -> None:
        """What is asked, once that is known; `size` is the image's width and height."""
        self.variants, self.size, self.question = variants, size, question


class Journal:
    """Writes the lines, at INFO. `seconds` is what one comparison may take, and `secret` keeps the names
    of people, of which a line has a hash, the same over restarts; safe for many threads."""

    def __init__(
        self,
        seconds: float | None = None,
        with_questions: bool = False,
        secret: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._with_questions = seconds, with_questions
        self._key = hashlib.sha256((secret or secrets.token_urlsafe(32)).encode()).digest()
        self._clock = clock

    @contextmanager
    def entry(self, how: str, who: str, mode: str = "") -> Iterator[Entry]:
        """A comparison that begins here and is written at the end, however it ends."""
        entry = Entry(how, who, mode)
        try:
            yield entry
        except GeneratorExit:  # who asked has left
            raise
        except VlmscopeError:
            entry.outcome = entry.outcome or "refused"
            raise
        except BaseException:
            entry.outcome = entry.outcome or "failed"
            raise
        finally:
            self._write(entry)

    def _write(self, entry: Entry) -> None:
        ticket, run, size = entry.ticket, entry.run, entry.size
        seconds = self._seconds_of(ticket) if ticket and ticket.has_place else 0.0
        facts: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": hashlib.blake2b(entry.who.encode(), key=self._key, digest_size=4).hexdigest(),
            "how": entry.how,
            "mode": entry.mode,
            "variants": len(entry.variants),
            "kinds": ",".join(variant.kind for variant in entry.variants),
            "image": f"{size[0]}x{size[1]}" if size else "",
            "image_tokens": run.image.tokens if run else "",
            "answer_tokens": sum(len(each.token_ids) for each in run.results) if run else "",
            "waited_s": f"{ticket.waited:.3f}" if ticket else "0.000",
            "seconds": f"{seconds:.3f}",
            "outcome": entry.outcome or self._outcome(run, seconds),
        }
        if self._with_questions:
            facts["question"] = plain(entry.question, MOST_OF_A_QUESTION)
        known = ((name, str(fact)) for name, fact in facts.items() if fact != "")
        log.info("comparison %s", " ".join(f"{name}={_value(text)}" for name, text in known))

    def _seconds_of(self, ticket: Ticket) -> float:
        return self._clock() - ticket.since if ticket.took is None else ticket.took

    def _outcome(self, run: Run | None, seconds: float) -> Outcome:
        statuses = {each.status for each in run.results} if run else {"stopped"}
        if "stopped" in statuses:
            is_late = self._seconds is not None and seconds >= self._seconds
            return "timeout" if is_late else "stopped"
        return "failed" if statuses == {"failed"} else "done"


def _value(text: str) -> str:
    """A value that no space and no quote breaks in two."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
