"""Where an app that was started listens, once it says so."""

import re
import subprocess
import time
from queue import Empty, Queue
from threading import Thread

# A machine that does other things at the same time is slow, not wrong.
START_SECONDS = 240.0
READY = re.compile(r"ready after .*: (http://\S+)")


class NotReady(Exception):
    """An app that does not start: `how` that went, and all the lines that it `said`."""

    def __init__(self, how: str, said: list[str]) -> None:
        super().__init__(f"The app {how}:\n{''.join(said)}")
        self.how, self.said = how, said


def address_of(
    app: subprocess.Popen[str], seconds: float = START_SECONDS, said: list[str] | None = None
) -> str:
    """The address that an app says on its `stdout`, which is a pipe; raises NotReady.

    What it says is read for as long as it runs, and added to `said`: a pipe that no one reads stops
    who writes.
    """
    lines: Queue[str | None] = Queue()
    said = [] if said is None else said
    Thread(target=_read, args=(app, lines, said), daemon=True).start()
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except Empty:
            break
        if line is None:
            raise NotReady("ended at its start", said)
        if found := READY.search(line):
            return found[1]
    raise NotReady(f"took more than {seconds:g} s", said)


def _read(app: subprocess.Popen[str], lines: Queue[str | None], said: list[str]) -> None:
    for line in app.stdout or ():
        said.append(line)
        lines.put(line)
    lines.put(None)
