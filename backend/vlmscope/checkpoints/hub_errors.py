"""Every way in which the Hub fails, each in a sentence of its own.

Nothing that a server sent is repeated in one, but numbers and a host's name within bounds: what it sends may
hold signed addresses, pages of HTML, and whatever else it likes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from vlmscope.checkpoints.hub_place import HubPlace
from vlmscope.values.errors import CheckpointError

LONGEST_WAIT = 86_400
"""Seconds: a server that says to wait for longer is not believed."""
_SECONDS = re.compile(r"[0-9]{1,9}")
_LIMIT = re.compile(r"\bt\s*=\s*([0-9]{1,9})\b", re.ASCII)


class Interrupted(CheckpointError):
    """A question or a download that was asked to stop; what is there of it stays for the next time."""


class NotThere(CheckpointError):
    """No such repository, of this type at least."""


class Away(CheckpointError):
    """The Hub cannot be asked now; what is in the cache can be used."""


class Late(Away):
    """It did not answer in the time that a person is let wait, or stopped in the middle."""


class Unreachable(Away):
    """No connection, or one that ended before the answer began."""


class Cut(Away):
    """An answer that ended before its end."""


class OutOfRange(CheckpointError):
    """A piece that the server says is beyond the file's end."""


@dataclass(frozen=True)
class Remedies:
    """What helps whoever reads, where their right to read is the matter."""

    gated: str
    unknown: str
    private: str
    forbidden: str


MACHINE = Remedies(
    gated="with your account, and set HF_TOKEN or sign in",
    unknown="with this token, which the Hub does not know; set HF_TOKEN anew, or unset it",
    private="set HF_TOKEN to see private ones",
    forbidden="with this token; set HF_TOKEN to one that may, or unset it",
)
VISITOR = Remedies(
    gated="with your account, and sign in here",
    unknown="with this server's token, which the Hub does not know; tell its owner, or sign in",
    private="sign in to see your private ones",
    forbidden="with this server's token; sign in with an account that may",
)
PERSON = Remedies(
    gated="with your account",
    unknown="as you are signed in, which has ended; sign out and in again",
    private="sign in with an account that may see it",
    forbidden="as you are signed in; sign in with an account that may",
)


def refused(
    status: int, headers: Mapping[str, str], place: HubPlace, remedies: Remedies = MACHINE
) -> CheckpointError:
    """What an answer that is none means; see the Hub's own client for its codes."""
    code, message = headers.get("X-Error-Code", ""), headers.get("X-Error-Message", "")
    kind = CheckpointError
    if code == "GatedRepo":
        why = f"is gated: accept its conditions on its page {remedies.gated}"
    elif message == "Access to this resource is disabled.":
        why = "was disabled by the Hub; choose another"
    elif code == "RevisionNotFound":
        why = f"has no revision {place.revision or 'main'!r}; give a branch, tag or commit that is there"
    elif code == "EntryNotFound":
        why = f"holds no file {place.path!r}; check the path"
    elif status == 401 and message.startswith("Invalid credentials"):
        why = f"cannot be read {remedies.unknown}"
    elif code == "RepoNotFound" or status == 404 or (status == 401 and not code):
        # 401 is what the Hub says of a repository that is not there to who did not sign in.
        kind = NotThere
        why = f"is not there, or is private; check the name, or {remedies.private}"
    elif status in (401, 403):
        why = f"may not be read {remedies.forbidden}"
    elif status == 416:
        kind = OutOfRange
        why = "has another size than the Hub lists; try again"
    elif status == 429:
        kind = Away
        wait = wait_of(headers)
        after = f"in {wait} s" if wait is not None else "in some minutes"
        why = f"cannot be read now, the Hub has had too many questions from here; ask again {after}"
    elif status >= 500:
        kind = Away
        wait = wait_of(headers)
        after = f"in {wait} s" if wait is not None else "later"
        why = f"cannot be read now, the Hub is out of order ({status}); try again {after}"
    else:
        why = f"cannot be read, the Hub answered with status {status}; check the name"
    return kind(f"{place} {why}.")


def wait_of(headers: Mapping[str, str]) -> int | None:
    """The seconds after which a server may be asked again, None unless it says a sane number or date."""
    said = headers.get("Retry-After", "").strip()
    limit = _LIMIT.search(headers.get("RateLimit", "")[:500])
    if _SECONDS.fullmatch(said):
        seconds = int(said)
    elif said:
        try:
            when = parsedate_to_datetime(said[:100])
            until = when if when.tzinfo else when.replace(tzinfo=UTC)
            seconds = round((until - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None
    elif limit:
        seconds = int(limit[1])
    else:
        return None
    return seconds if 0 < seconds <= LONGEST_WAIT else None


def broken(error: BaseException, place: HubPlace, begun: bool = False) -> CheckpointError:
    """The sentence for a connection that failed, or ended after the answer had `begun`."""
    from huggingface_hub import errors

    name = type(error).__name__
    if isinstance(error, CheckpointError):
        return error
    if isinstance(error, errors.OfflineModeIsEnabled):
        return Away(
            f"{place} is not in the cache here, and HF_HUB_OFFLINE says to stay offline; unset it, or "
            "download first."
        )
    if isinstance(error, errors.LocalTokenNotFoundError):
        return CheckpointError(
            f"{place} is to be read with a token and there is none; set HF_TOKEN or sign in."
        )
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return Late(
            f"{place} did not answer in time; try again, or use what is in the cache by its commit."
        )
    if begun:
        return Cut(f"{place} was cut in the middle; try again.")
    if "CERTIFICATE" in str(error).upper():
        return Unreachable(
            f"{place} cannot be reached, the certificate that was shown is not trusted here; check "
            "whether this network wants a sign-in or a proxy."
        )
    return Unreachable(
        f"{place} cannot be reached ({name}); check the network, or use what is in the cache by its "
        "commit."
    )


def not_the_hub(place: HubPlace, what: str) -> CheckpointError:
    """For an answer that the Hub does not give, such as the sign-in page of a network."""
    return Away(
        f"{place} cannot be read, {what} answered in the Hub's place; sign in to this network if it "
        "wants that, or check HF_ENDPOINT."
    )


def nonsense(place: HubPlace, what: str) -> CheckpointError:
    """For an answer that cannot be true."""
    return CheckpointError(
        f"{place} cannot be read, the Hub's answer holds {what}; try again, or give another repository."
    )
