"""What the app writes to its log and its terminal: as much as the settings say, and never a secret."""

import logging
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from vlmscope.values.masking import MASK, masked

SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|KEY$")
SHORTEST = 8
"""Shorter ones are words of every log, and no secrets."""
JOURNAL = "journal"
"""The logger of the lines, one for each comparison."""
FORMAT = "%(levelname)s %(name)s: %(message)s"

Hide = Callable[[str], str]


class MaskedStream:
    """A text stream that secrets do not pass; all else is the stream's own."""

    def __init__(self, stream: Any, hide: Hide) -> None:
        self._stream, self._hide = stream, hide

    def write(self, text: str) -> int:
        return self._stream.write(self._hide(text))

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def start_logging(environment: Mapping[str, str] = os.environ) -> None:
    """From here on neither a log, whoever handles it, nor what is printed, tracebacks too, has a secret."""
    hide = hider(environment)
    sys.stdout, sys.stderr = MaskedStream(sys.stdout, hide), MaskedStream(sys.stderr, hide)
    logging.setLogRecordFactory(record_factory(hide))
    logging.basicConfig(level=logging.WARNING, format=FORMAT)


def keep_journal(is_kept: bool) -> None:
    """Whether there is a line for each comparison."""
    logging.getLogger(JOURNAL).setLevel(logging.INFO if is_kept else logging.WARNING)


def hider(environment: Mapping[str, str]) -> Hide:
    """Masks what has the form of a secret, and the values of variables whose names say that they are."""
    values = sorted(
        {v for k, v in environment.items() if SECRET_NAME.search(k) and len(v) >= SHORTEST},
        key=len,
        reverse=True,
    )
    known = re.compile("|".join(map(re.escape, values))) if values else None

    def hide(text: str) -> str:
        return masked(known.sub(MASK, text) if known else text)

    return hide


def record_factory(hide: Hide) -> Callable[..., logging.LogRecord]:
    """Makes log records whose message and trace have no secret."""

    class Masked(logging.LogRecord):
        def getMessage(self) -> str:
            return hide(super().getMessage())

    def make(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = Masked(*arguments, **more)
        if record.exc_info and record.exc_info[0]:
            record.exc_text = hide(logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = hide(record.stack_info)
        return record

    return make
