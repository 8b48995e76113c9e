"""What the tab About says: plain rows of a name and a text, nothing of how they look."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from application import App
from leaving import NOTHING, ON_A_SPACE, leaving, on_request
from memory_use import GIB, MIB, Held, MemoryUse
from request import MAX_QUESTION
from settings import Settings
from titles import base_title
from vlmscope.checkpoints.places import is_hub
from vlmscope.engine.options import MAX_SECONDS
from vlmscope.engine.stamp import make_stamp
from whereabouts import ORIGINAL

PACKAGES = ("vlmscope", "gradio_comparisongrid", "gradio", "torch", "transformers")


@dataclass(frozen=True)
class Row:
    """A fact: its name, what it is, and what else is to know of it."""

    name: str
    text: str
    note: str = ""


PLACES = {
    "desk": "your own machine",
    "server": "a server",
    "original": "the Space {space}",
    "duplicate": "{space}, a duplicate of the Space {original}",
}
TRUSTED = "any repository and any file here, .pt too"
STRANGERS = "what is offered and what HUB names, safetensors alone"


def where_rows(settings: Settings) -> Iterator[Row]:
    """Where the app runs, for whom, and what they may do there."""
    where = settings.where
    place = PLACES[where.kind].format(space=settings.space, original=ORIGINAL)
    yield Row("it runs on", place if where.is_space or where.is_private else "a server")
    who = "its owner, and whom the owner trusts" if where.is_private else "anyone"
    yield Row("is for", "you alone" if where.keeps else who, "PUBLIC")
    yield Row("may be opened", TRUSTED if where.is_private else STRANGERS)
    if where.is_space:
        yield Row("sign-in", _sign_in(settings))


def _sign_in(settings: Settings) -> str:
    if not settings.is_private:
        return "no need: nothing of one's own is read here"
    if settings.asks_to_sign_in:
        return "with one's account on the Hub, to read one's private repositories"
    return "not set up: hf_oauth: true in the Space's README.md"


def base_rows(app: App) -> Iterator[Row]:
    """The base, what it runs on, and in which numbers."""
    stamp = make_stamp(app.base, "together", 1)
    yield Row("base", base_title(app.base.name), "BASE")
    revision = app.base.revision or "unknown"
    is_hash = revision.startswith("sha256:")
    whose = "hash of its weights" if is_hash else "commit on the Hub · REVISION"
    yield Row("revision", revision, whose)
    set_ = app.settings
    yield Row("hardware", stamp["hardware"], f"{stamp['device']} · DEVICE {set_.device or 'auto'}")
    yield Row("dtype", stamp["dtype"], f"DTYPE {set_.dtype or 'auto'}")
    if "offloaded" in stamp:
        yield Row("offloaded", stamp["offloaded"], "the device has no room for them")


def memory_rows(use: MemoryUse, limit: int | None) -> Iterator[Row]:
    """What is held; `limit` is the ceiling of the base on its device, in bytes."""
    yield Row("process", _held(use.process), "all of the app's memory; peak since it started")
    if use.gpu is not None:
        since = "PyTorch's tensors; peak since start or the last measured comparison"
        yield Row("GPU", _held(use.gpu), since)
    if limit is not None:
        of = "GPU's tensors" if use.gpu is not None else "process"
        yield Row(
            "ceiling", _mib(limit), f"of the {of}: close to it, comparisons wait or are refused"
        )


def version_rows() -> Iterator[Row]:
    """What is installed."""
    for package in PACKAGES:
        yield Row(package, _version(package))
    yield Row("python", platform.python_version())


def limit_rows(settings: Settings) -> Iterator[Row]:
    """What one may ask for, and which variable says so."""
    set_ = settings
    yield Row("longest answer", f"{set_.max_new_tokens:,} tokens", "MAX_NEW_TOKENS")
    yield Row("longest question", f"{MAX_QUESTION:,} characters")
    yield Row("largest image", f"{set_.max_image_megapixels} megapixels", "MAX_IMAGE_MEGAPIXELS")
    yield Row("variants at once", f"up to {set_.max_variants}", "MAX_VARIANTS")
    yield Row("cases of a batch", f"up to {set_.max_batch:,}", "MAX_BATCH")
    yield Row("comparisons at once", f"{set_.places}; others wait in line", "USERS")
    yield Row("in line", f"up to {set_.queue}", "QUEUE")
    each = f"{set_.most_each} that run or wait" if set_.most_each else "any number"
    yield Row("comparisons of one person", each, "PER_PERSON")
    seconds = f"{set_.seconds} s" if set_.seconds else f"{MAX_SECONDS:g} s, the engine's own limit"
    yield Row("longest comparison", seconds, "TIMEOUT")
    threads = f"{set_.threads}" if set_.threads else "PyTorch's choice"
    yield Row("threads", threads, "THREADS")
    memory = f"{set_.memory_gib:g} GiB" if set_.memory_gib else "what was free at start"
    yield Row("memory of the base", memory, "MEMORY_GIB")
    heads = f"{set_.heads} loaded" if set_.heads else "2 on a GPU of 16 GiB or less, else 4"
    yield Row("ARR-COC heads", heads, "HEADS")
    cache = f"{set_.hub_cache_gib:g} GiB" if set_.hub_cache_gib else "left alone"
    yield Row("cache of the Hub", cache, "HUB_CACHE_GIB")


def place_rows(app: App) -> Iterator[Row]:
    """Where checkpoints are looked for: on a shared server by name alone."""
    for place in app.shelf.places:
        shown = place if is_hub(place) or app.settings.is_private else Path(place).name
        yield Row("on the Hub" if is_hub(place) else "folder", shown)
    if app.settings.recorded:
        yield Row("recorded comparisons", f"{len(app.recorded)}", "RECORDED")
    if not app.settings.is_private:
        yield Row("others", "repositories that HUB names, and none on this server's disk")


def keeping_rows(settings: Settings) -> Iterator[Row]:
    """What is kept of a person's work, where, and for how long."""
    if settings.history is None:
        yield Row("history", "in a temporary folder", "until an hour after your last page closed")
    else:
        where = str(settings.history) if settings.is_private else "on this server's disk"
        yield Row("history", where, "until you delete it · HISTORY")
    most = settings.history_bytes
    room = f"{most / GIB:g} GiB for each person" if most else "what the disk holds"
    yield Row("room for it", room, "HISTORY_GIB")
    yield Row("images and answers", "in a temporary folder", "deleted a day later")
    kept = (
        "set: people are known again after a restart" if settings.secret else "new at every start"
    )
    yield Row("key of the browsers", kept, "SECRET")
    line = "a line for each comparison, no image" if settings.is_logged else "faults alone"
    yield Row("log", line, "LOG")
    questions = settings.is_logged and settings.log_questions
    yield Row("questions in the log", "yes" if questions else "no", "LOG_QUESTIONS")


def tracking_rows(app: App) -> Iterator[Row]:
    """Where figures are tracked, and what is wrong with that."""
    settings, trouble = app.settings, app.tracker.trouble
    if settings.track is None:
        yield Row("tracker", "none", "TRACK")
        return
    yield Row("tracker", settings.track, "TRACK")
    yield Row("project", settings.track_project, "TRACK_PROJECT")
    texts = "tracked" if settings.track_questions else "not tracked"
    yield Row("questions and answers", texts, "TRACK_QUESTIONS")
    if trouble and not settings.is_private:
        trouble = "some figures were not tracked; the server's log says why"
    yield Row("state", trouble or "no trouble so far")


def leaving_sentences(app: App) -> Sequence[str]:
    """What leaves the machine by itself, or that nothing does; and what leaves on request."""
    at = (ON_A_SPACE,) if app.settings.where.is_space else ()
    return (*at, *(leaving(app.settings, app.base.name) or (NOTHING,)), on_request())


def _held(held: Held) -> str:
    return f"{_mib(held.now)} now, {_mib(held.peak)} at peak"


def _mib(count: int) -> str:
    return f"{count / MIB:,.0f} MiB"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        # A Space has both packages beside the app, unpacked.
        return "unpacked beside the app"
