"""Every way in which the Hub fails, each in a sentence of its own."""

from __future__ import annotations

from typing import Any

from vlmscope.checkpoints.hub_place import HubPlace
from vlmscope.values.errors import CheckpointError


class Interrupted(CheckpointError):
    """A download that was asked to stop; what is there of it stays for the next time."""


def told(error: BaseException, place: HubPlace) -> CheckpointError:
    """The sentence for what went wrong at a place; no token or header is in it."""
    from huggingface_hub import errors

    if isinstance(error, CheckpointError):
        return error
    if isinstance(error, errors.GatedRepoError):  # first: it is a RepositoryNotFoundError too
        why = "is gated: accept its conditions on its page with your account, and set HF_TOKEN or sign in"
    elif isinstance(error, errors.DisabledRepoError):
        why = "was disabled by the Hub; choose another"
    elif isinstance(error, errors.RevisionNotFoundError):
        why = f"has no revision {place.revision or 'main'!r}; give a branch, tag or commit that is there"
    elif isinstance(error, errors.RepositoryNotFoundError):
        why = "is not there, or is private; check the name, or set HF_TOKEN to see private ones"
    elif isinstance(error, errors.OfflineModeIsEnabled):
        why = "is not in the cache here, and HF_HUB_OFFLINE says to stay offline; unset it, or download first"
    elif isinstance(error, errors.EntryNotFoundError) and not isinstance(
        error, errors.LocalEntryNotFoundError
    ):
        why = f"holds no file {place.path!r}; check the path"
    elif isinstance(error, errors.HFValidationError):
        why = "is no name that the Hub knows; write owner/name"
    else:
        why = _of_status(error) or _of_connection(error)
    return CheckpointError(f"{place} {why}.")


def _of_status(error: BaseException) -> str | None:
    from huggingface_hub.utils._http import parse_ratelimit_headers

    response: Any = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status is None:
        return None
    if status == 429:
        limits = parse_ratelimit_headers(response.headers)
        wait = response.headers.get("Retry-After") or (limits and limits.reset_in_seconds)
        after = f"in {wait} s" if wait else "in some minutes"
        return (
            f"cannot be read now, the Hub has had too many questions from here; ask again {after}"
        )
    if status in (401, 403):
        return "may not be read with this token; set HF_TOKEN to one that may, or unset it"
    if status >= 500:
        return f"cannot be read now, the Hub is out of order ({status}); try again later"
    return f"cannot be read, the Hub answered with status {status}; check the name"


def _of_connection(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return "did not answer in time; try again, or use what is in the cache by its commit"
    return (
        f"cannot be reached ({name}); check the network, or use what is in the cache by its commit"
    )
