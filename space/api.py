"""The comparison for programs: an endpoint of Gradio's API, and the tool of the same name for MCP."""

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import astuple
from typing import Any, Literal

import gradio as gr
from gradio.data_classes import FileData
from gradio.events import api as gradio_api
from pydantic import ValidationError

from api_document import Document, document, in_line
from application import App
from engine import compare as compare_variants
from events import AT_ONCE
from journal import Entry
from offer import Offer
from pace import Work
from people import Visit, counted_as
from request import (
    Problems,
    Request,
    lines_problem,
    parse_lines,
    read_form,
    text_problem,
)
from running import limits_of
from vlmscope import (
    Event,
    Failed,
    Finished,
    Gathering,
    InputError,
    Run,
    Started,
    Stopped,
    Variant,
    VlmscopeError,
)
from vlmscope.values import strict_json
from vlmscope.values.errors import plain, shown

log = logging.getLogger(__name__)

NOBODY = Visit("")

DESCRIPTION = (
    "Ask several variants of one vision-language model the same question about the same image: which "
    "answer each gives, how many image tokens each keeps, and what each costs. A variant is one line, "
    "KIND, KIND:SOURCE,name=value or KIND:name=value. Kinds: baseline (all tokens), arr-coc and lora "
    "(with a checkpoint as SOURCE), random, uniform, downsample, saliency, center, pool, divprune. "
    "keep= is a count (64), a share (0.5) or a percentage (50%) of the image tokens. "
    "Checkpoints offered here: {checkpoints}."
)


def api(app: App, page: gr.Blocks) -> None:
    """Add the endpoint to the page that is being built."""
    offer = Offer(app.choices, app.settings.is_private)
    by_default = [str(offer.veiled(each)) for each in _first_two(app)]
    longest = app.settings.max_new_tokens

    def compare(
        image: FileData,
        question: str,
        request: gr.Request,
        variants: list[str] = by_default,
        expected: str = "",
        budget: float = 50.0,
        mode: Literal["together", "measured"] = "together",
        max_new_tokens: int = longest,
    ) -> Generator[Document | str, None, None]:
        """Ask several variants the same question about the same image.

        Args:
            image: The image: an uploaded file, or the http or https address of one.
            question: What to ask about the image.
            variants: The variants, one line each, such as "baseline" or "random:keep=25%,seed=3".
            expected: The right answer, if it is known: every answer is judged by it.
            budget: Percent of the image tokens to keep, for variants that name no keep= themselves.
            mode: "together" for answers, "measured" for seconds that may be compared, which takes longer.
            max_new_tokens: The longest answer, in tokens.
        """
        # A tool's result is text: Gradio would write a dictionary as Python does.
        is_tool = (request.headers or {}).get("x-gradio-user") == "mcp"
        arguments = (image, question, variants, expected, budget, mode, max_new_tokens)
        how = "tool" if is_tool else "api"
        with app.journal.entry(how, counted_as(NOBODY, request)) as entry:
            for told in _answered(app, offer, entry, *arguments):
                yield strict_json.dumps(told) if is_tool else told

    # What a stream of documents is to a client: a document.
    compare.__annotations__["return"] = Document
    gradio_api(
        compare,
        api_name="compare",
        api_description=DESCRIPTION.format(checkpoints=", ".join(offer.places) or "none"),
        **AT_ONCE,
    )
    endpoint = next(each for each in page.fns.values() if each.api_name == "compare")
    _say_why_no_image_came(endpoint.inputs[0])


def _answered(
    app: App,
    offer: Offer,
    entry: Entry,
    image: Any,
    question: Any,
    lines: Any,
    expected: Any,
    budget: Any,
    mode: Any,
    max_new_tokens: Any,
) -> Iterator[Document]:
    """Where it stands in the line while it waits, the document so far each time a variant ends, and the
    whole one; raises gr.Error, a sentence."""
    try:
        asked = _read(app, offer, image, question, lines, budget)
        right = _expected(expected)
        longest = _length(max_new_tokens, app.settings.max_new_tokens)
        entry.mode = _mode(mode)
        entry.asks(asked.variants, asked.image.size, asked.question)
        work = Work(entry.mode, len(asked.variants))
        # A batch gives way to it, as to any comparison.
        with app.places.comparison(entry.who, work) as entry.ticket:
            # Told time and again, so that Gradio sees who has left, and closes this.
            for standing in entry.ticket.waits(lambda: False):
                yield in_line(asked, right, standing)
            events = compare_variants(
                app.base,
                asked.image,
                asked.question,
                asked.variants,
                mode=mode,
                max_new_tokens=longest,
                **app.settings.engine_options,
            )
            entry.run = yield from _documents(events, right, offer)
        app.tracker.comparison(entry.run, right)
    except VlmscopeError as refused:
        entry.outcome = "refused"
        raise _error(str(refused)) from refused
    except Exception as fault:
        log.exception("a comparison failed")
        sentence = "The comparison failed unexpectedly; the server's log says where."
        raise _error(sentence) from fault


def _documents(
    events: Generator[Event, None, None], expected: str | None, offer: Offer
) -> Generator[Document, None, Run]:
    gathering = Gathering()
    running: set[str] = set()
    # A client that leaves closes this, and so the engine's work.
    with closing(events):
        for event in events:
            gathering.add(event)
            if isinstance(event, Started):
                running = {variant.id for variant in event.variants}
            elif isinstance(event, Finished | Failed | Stopped):
                running.discard(event.id)
                if running and (run := gathering.to_run()):
                    yield document(run, expected, offer, running)
    run = gathering.to_run()
    assert run is not None
    yield document(run, expected, offer)
    return run


def _read(app: App, offer: Offer, image: Any, question: Any, lines: Any, budget: Any) -> Request:
    """The request that the arguments ask for; raises InputError with what to mend."""
    variants = _variants(lines, offer, app.settings.max_variants)
    asked = _text("question", question)
    read = read_form(_path(image), asked, variants, "", budget, limits_of(app, ()))
    if isinstance(read, Problems):
        raise InputError(" ".join(filter(None, astuple(read))))
    return read


def _path(image: Any) -> str:
    """Where an image lies that Gradio has had from the client; no other file is ever read."""
    try:
        # Gradio has checked what is marked as a file, and nothing else.
        return FileData.model_validate(image, context={"validate_meta": True}).path
    except ValidationError:
        raise InputError(
            f"image={shown(image)} is no file; upload one (gradio_client: handle_file(path)), or give "
            "the http or https address of one."
        ) from None


def _variants(lines: Any, offer: Offer, most: int) -> list[Variant]:
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise InputError(
            f'variants={shown(lines)} is no list of lines; give one such as ["baseline"].'
        )
    if not 0 < len(lines) <= most:
        raise InputError(f"{len(lines)} variants are given; give from 1 to {most}.")
    if problem := lines_problem(sum(map(len, lines))):
        raise InputError(problem)
    return [offer.resolved(variant) for line in lines for variant in parse_lines(line)]


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name}={shown(value)} is no text; give it in quotes.")
    return value


def _expected(value: Any) -> str | None:
    """The right answer, where one is given; it may be as long as a question."""
    text = _text("expected", value).strip()
    if problem := text_problem("The expected answer", text, ()):
        raise InputError(problem)
    return text or None


def _mode(value: Any) -> str:
    if value not in ("together", "measured"):
        raise InputError(f"mode={shown(value)} is unknown; use 'together' or 'measured'.")
    return str(value)


def _length(value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InputError(
            f"max_new_tokens={shown(value)} cannot be had; give a whole number from 1 to {most}."
        )
    return value


def _first_two(app: App) -> list[Variant]:
    """The baseline, and the first checkpoint that is offered."""
    heads = (each.variant for each in app.choices if each.variant.source)
    return [Variant("baseline"), *[Variant(head.kind, head.source) for head in heads][:1]]


def _error(sentence: str) -> gr.Error:
    return gr.Error(plain(sentence), print_exception=False)


def _say_why_no_image_came(image: Any) -> None:
    """An address that gives no image is told to the client, from whom Gradio would hide the reason."""
    fetch = image.async_move_resource_to_block_cache

    async def fetched(address: str | None) -> str | None:
        try:
            return await fetch(address)
        except Exception as problem:
            log.warning("an image could not be fetched: %s", plain(str(problem)))
            raise _error(
                f"The image {shown(address)} cannot be fetched; give the http or https address of a "
                "public file, or upload it."
            ) from problem

    image.async_move_resource_to_block_cache = fetched
