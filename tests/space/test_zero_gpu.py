"""The app on ZeroGPU: the real package `spaces`, its server and its card stood in for."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

import vlmscope
from stamps import ROOT
from vlmscope import Variant
from zero_gpu import MOST_SECONDS, START_S, Task, seconds

from .conftest import QUESTION

SECONDS = 400


@pytest.fixture(scope="module")
def told(tiny_base, head, tmp_path_factory):
    """What came of each scene."""
    folder = tmp_path_factory.mktemp("zero")
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.zero_gpu_scenes", tiny_base, head, folder],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def plainly(base, image, head):
    """The same comparison without ZeroGPU."""
    lines = ["baseline", f"arr-coc:{head},keep=50%", "random:keep=25%,seed=3"]
    return vlmscope.run(base, image, QUESTION, lines, max_new_tokens=6, word_maps=True).results


def test_the_answers_are_those_of_the_engine_token_for_token_and_stream(told, plainly):
    answers = told["answers"]
    assert answers["tokens"][:3] == [list(each.token_ids) for each in plainly]
    assert answers["assign"][:3] == [each.assign.tolist() for each in plainly]
    assert answers["streamed"] and answers["order"][0] == "started"


def test_a_checkpoint_that_is_not_there_fails_its_own_variant(told):
    answers = told["answers"]
    assert answers["statuses"] == ["done", "done", "done", "failed"]
    assert "gone.safetensors" in answers["errors"][3]


def test_nothing_that_the_worker_keeps_comes_back_to_the_app(told):
    assert told["answers"]["kept_in_the_app"] == 0


def test_the_selection_a_look_inside_and_a_case_of_a_batch_run_there_too(told, plainly):
    whole = told["whole"]
    assert whole["assign"] == plainly[1].assign.tolist()
    assert sum(map(sum, whole["kept"])) == len(plainly[1].kept)
    assert whole["statuses"] == ["done"] * 3
    assert len(whole["asked"]) == 3


def test_a_wish_to_stop_reaches_a_worker_that_was_forked_before_it(told):
    stopped = told["stopped"]
    assert stopped["statuses"] == ["stopped"] * 3
    assert 0 < max(stopped["tokens"]) < 2000


def test_who_leaves_frees_the_worker_for_the_next(told):
    assert told["closed"]["statuses"] == ["done"]


def test_nobody_waits_for_a_gpu_only_to_be_stopped_there(told):
    late = told["late"]
    assert late["order"] == ["started", "stopped", "stopped", "stopped"]
    assert late["asked"] == []


def test_a_quota_that_is_used_up_is_one_sentence(told):
    visitor, space, too_long = told["refused"]["said"]
    assert (
        "exceeded your ZeroGPU quota" in visitor and "20s left" in visitor and "2:00:00" in visitor
    )
    assert "Space app has reached its GPU limit" in space
    assert "larger than the maximum allowed" in too_long
    for said in (visitor, space, too_long):
        assert "\n" not in said and said.startswith("ZeroGPU gives no GPU now: ")


def test_what_cannot_be_asked_costs_nobody_a_gpu(told):
    assert "max_new_tokens=0" in told["unusable"]["said"]
    assert told["unusable"]["asked"] == []


def test_when_the_gpu_is_taken_away_what_there_is_stays_and_the_rest_says_why(told):
    ended = told["ended"]
    assert ended["statuses"] == ["failed"] * 3
    assert all("ZeroGPU ended the task" in error for error in ended["errors"])
    assert max(ended["tokens"]) > 0
    assert ended["again"] == ["done"]


def task(count: int, call="compare", **options) -> Task:
    variants = tuple(Variant.parse(f"random:keep=50%,seed={i}") for i in range(count))
    return Task(call, None, QUESTION, variants, options)  # type: ignore[arg-type]


def test_the_time_that_is_asked_for_grows_with_variants_and_tokens_up_to_a_limit():
    few, many = task(2, max_new_tokens=16), task(8, max_new_tokens=16)
    assert START_S < seconds(few) < seconds(many) < seconds(task(8, max_new_tokens=512))
    assert seconds(task(2, mode="measured", max_new_tokens=16)) > seconds(few)
    assert seconds(task(16, mode="measured", max_new_tokens=128)) == MOST_SECONDS
    assert seconds(task(1, "select")) < seconds(few)


def test_answers_that_are_made_apart_are_each_asked_time_for():
    plain, one, same, other = (
        Variant.parse(line)
        for line in ("baseline", "lora:a/one", "random:keep=64,lora=a/one", "lora:a/other")
    )

    def asked(*variants: Variant) -> int:
        return seconds(replace(task(0, max_new_tokens=100), variants=variants))

    assert asked(plain, plain, plain) < asked(plain, one, same) < asked(plain, one, other)
