"""Bring a Space's folder to the Hub: a private Space, its hardware and variables, and one commit."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from httpx2 import HTTPError  # what the Hub's client speaks through
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import SpaceInfo

from refusal import Refused
from space_hardware import Hardware

OF_THE_HUB = ".gitattributes"
"""Made by the Hub with the repository; it says which files are large."""
MESSAGE = "vlmscope, as its checkout builds it"


def publish(
    api: HfApi,
    space: str,
    folder: Path,
    names: Collection[str],
    hardware: Hardware | None,
    variables: Mapping[str, str],
) -> str:
    """Make the Space `space` hold exactly `names` of `folder`; gives the address of the commit.

    A Space that is not there yet is made private. Of one that is there, files that are not among
    `names` are deleted, and variables that are not given stay. What may be refused is asked before
    anything is uploaded, and the files come last, in one commit. Raises Refused.
    """
    with _told(space, "log in"):
        api.whoami()
    found = _look(api, space)
    if found is None:
        _create(api, space, hardware, variables)
        found = _look(api, space)
        if found is None:
            raise Refused(f"{space} was made and is not to be found; look at it on the Hub.")
    else:
        _set(api, space, found, hardware, variables)
    return _upload(api, space, found, folder, names)


def _look(api: HfApi, space: str) -> SpaceInfo | None:
    """The Space, if it is there; raises Refused unless it is private."""
    try:
        with _told(space, "read"):
            found = api.space_info(space)
    except RepositoryNotFoundError:
        return None
    if not found.private:
        raise Refused(
            f"{space} is public, and its visitors would meet what nobody has looked at yet; set it to "
            "private in its settings, deploy, look at it, and make it public again."
        )
    return found


def _create(
    api: HfApi, space: str, hardware: Hardware | None, variables: Mapping[str, str]
) -> None:
    with _told(space, "create"):
        api.create_repo(
            space,
            repo_type="space",
            space_sdk="gradio",
            visibility="private",
            space_hardware=hardware and hardware.name,  # pyright: ignore[reportArgumentType]
            space_variables=[{"key": key, "value": value} for key, value in variables.items()],
        )


def _set(
    api: HfApi,
    space: str,
    found: SpaceInfo,
    hardware: Hardware | None,
    variables: Mapping[str, str],
) -> None:
    """Hardware and variables of a Space that is there, where they are not as they should be."""
    with _told(space, "read the hardware and the variables of"):
        runtime = api.get_space_runtime(space)
        set_before = api.get_space_variables(space) if variables else {}
    runs_on = runtime.requested_hardware or runtime.hardware
    if hardware is None and runs_on is not None and runs_on.startswith("zero"):
        raise Refused(
            f"{space} runs on {runs_on}, which needs another PyTorch; give HARDWARE={runs_on}."
        )
    if hardware is not None and runs_on != hardware.name:
        with _told(space, f"give {hardware.name} to"):
            api.request_space_hardware(space, hardware.name)  # pyright: ignore[reportArgumentType]
    for key, value in variables.items():
        if key not in set_before or set_before[key].value != value:
            with _told(space, f"set {key} of"):
                api.add_space_variable(space, key, value)


def _upload(api: HfApi, space: str, found: SpaceInfo, folder: Path, names: Collection[str]) -> str:
    with _told(space, "upload to"):
        there = set(api.list_repo_files(space, repo_type="space", revision=found.sha))
        operations = [
            *(CommitOperationAdd(name, folder / name) for name in names),
            *(CommitOperationDelete(name) for name in there - {*names, OF_THE_HUB}),
        ]
        commit = api.create_commit(
            space, operations, commit_message=MESSAGE, repo_type="space", parent_commit=found.sha
        )
        there = set(api.list_repo_files(space, repo_type="space", revision=commit.oid))
    wrong = sorted((there - {OF_THE_HUB}) ^ set(names))
    if wrong:
        raise Refused(
            f"{space} does not hold what was uploaded: {', '.join(wrong[:5])} should "
            f"{'' if wrong[0] in names else 'not '}be there; see {commit.commit_url}."
        )
    return commit.commit_url


@contextmanager
def _told(space: str, what: str) -> Iterator[None]:
    """Raises Refused, one sentence, for what the Hub answers; RepositoryNotFoundError passes."""
    try:
        yield
    except OfflineModeIsEnabled:
        raise Refused("HF_HUB_OFFLINE is set, so that nothing reaches the Hub; unset it.") from None
    except RepositoryNotFoundError:
        if what != "read":
            raise Refused(f"Could not {what} {space}: it is not there any more.") from None
        raise
    except HfHubHTTPError as problem:
        raise Refused(_sentence(space, what, problem)) from problem
    except (HTTPError, OSError, RuntimeError) as problem:  # the last is what a large upload raises
        raise Refused(
            f"The Hub could not be reached to {what} {space}; connect and run it again: what is there "
            f"already stays as it is. ({type(problem).__name__})"
        ) from problem
    except ValueError as problem:
        raise Refused(f"The Hub refused to {what} {space}: {_line(str(problem))}") from problem


def _sentence(space: str, what: str, problem: HfHubHTTPError) -> str:
    owner, code = space.split("/")[0], problem.response.status_code
    said = _line(problem.server_message or "")
    reasons = {
        401: "The token was rejected; log in again with `hf auth login`, with a token that may write.",
        402: f"The Hub asks for payment to {what} {space}; see the billing of {owner}.",
        403: f"The token may not {what} {space}; use one that may write to Spaces of {owner}.",
        409: f"{space} is there already, and the token may not see it; choose another name, or use a "
        "token that may.",
        412: f"{space} was changed by someone else meanwhile; run it again.",
        429: "The Hub asks to wait: too many requests; run it again in some minutes.",
    }
    reason = reasons.get(code, f"The Hub could not {what} {space}: it answered {code}.")
    return f"{reason} It says: {said}" if said else reason


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
