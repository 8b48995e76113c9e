"""Nothing that lets somebody in is written in a sentence."""

from time import perf_counter

import pytest

from vlmscope import InputError
from vlmscope.values.errors import plain
from vlmscope.values.masking import masked

TOKEN = "hf_" + "aB3" * 11 + "x"
SIGNED_IN = "hf_oauth_eyJhbGciOiJFZERTQSJ9.eyJzY29wZSI6WyJvcGVuaWQiXX0.c2lnbmF0dXJl-_"
WORD = "opensesame"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"401 for {TOKEN}.", TOKEN),
        (f"signed in with {SIGNED_IN}", "c2lnbmF0dXJl"),
        (f"signed in with {SIGNED_IN.removeprefix('hf_oauth_')}", "c2lnbmF0dXJl"),
        (f"{{'authorization': 'Bearer {WORD}'}}", WORD),
        (f"Authorization: Basic {WORD}==", WORD),
        (f"authorization={WORD}", WORD),
        (f"sent bearer {WORD}", WORD),
        (f"Cookie: access-token={WORD}; theme=dark", WORD),
        (f"https://me:{WORD}@host/x.png is no image", WORD),
        (f"https://{WORD}@host/x.png is no image", WORD),
        (f"postgres://me:{WORD}@host/db", WORD),
        (f"GET https://host/x?a=1&X-Amz-Signature={WORD}&b=2", WORD),
        (f"GET /queue?access_token={WORD} HTTP/1.1", WORD),
    ],
)
def test_a_secret_is_masked_wherever_it_stands(text, secret):
    assert secret in text
    assert secret not in masked(text)
    assert secret not in plain(text)
    assert secret not in str(InputError(text))
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "hf_hub_download of hf://owner/name@main/head.safetensors failed",
        "arr-coc:hf://spaces/owner/name@0123abc,keep=50%",
        "Set HF_TOKEN, or ask for a token; 60 image tokens=60.",
        "https://host:8080/x.png?size=3#a@b",
        "Who is the bearer of the flag?",
    ],
)
def test_what_is_no_secret_stays(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "a.",
        "a-",
        "eyJaaaaaaaa-",
        "hf_a_",
        "token-",
        "?token",
        "&a",
        "authorization ",
        "bearer ",
        "a://",
    ],
)
def test_a_long_text_takes_as_long_as_it_is_long(piece):
    """Whatever is repeated: while it is looked through, nothing else of the process runs."""
    began = perf_counter()
    plain(piece * (1_000_000 // len(piece)))
    assert perf_counter() - began < 5
