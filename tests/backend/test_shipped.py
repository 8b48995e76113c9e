"""What ships is there, small enough, and fits together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.support.reference import picture

from vlmscope import SharedBase, check_checkpoint, discover, peek, run
from vlmscope.checkpoints.head import load_head
from vlmscope.engine.loading import shipped_folder

MOST_BYTES = 10_000_000
CHECKPOINTS = shipped_folder().parent / "checkpoints"
EXAMPLES = shipped_folder().parent / "examples"
NAMES = [path.name for path in sorted(CHECKPOINTS.glob("*.safetensors"))]


@pytest.fixture(scope="module")
def shipped() -> SharedBase:
    return SharedBase.load(device="cpu")


def test_the_base_is_there_and_small():
    files = [path for path in shipped_folder().rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


def test_a_small_image_has_a_hundred_tokens_at_its_own_size(shipped: SharedBase):
    pixels = shipped.pixels(picture(320, 320))
    assert pixels.rows * pixels.cols >= 100


def test_three_checkpoints_or_more_are_there():
    assert len(NAMES) >= 3
    heads = [found for found in discover(CHECKPOINTS) if found.kind == "arr-coc"]
    assert {Path(found.source).name for found in heads} == set(NAMES)


def test_an_adapter_is_there_says_where_its_training_stood_and_answers(shipped: SharedBase):
    (record,) = (found for found in discover(CHECKPOINTS) if found.kind == "lora")
    assert record.name == "few-tokens" and record.warnings == ()
    assert record.step == 500 and record.metrics and record.config and record.notes
    example = json.loads((EXAMPLES / "examples.json").read_text())[0]
    lines = ["uniform:keep=25%", f"uniform:keep=25%,lora={CHECKPOINTS / record.name}"]
    made = run(shipped, EXAMPLES / example["image"], example["question"], lines, max_new_tokens=16)
    assert [result.status for result in made.results] == ["done", "done"]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_checkpoint_loads_on_the_shipped_base(shipped: SharedBase, name: str):
    source = str(CHECKPOINTS / name)
    report = check_checkpoint(source, shipped.hidden_size)
    assert report.ok, report.reason
    assert load_head(source, shipped.hidden_size).warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_checkpoint_says_where_its_training_stood(name: str):
    record = peek(CHECKPOINTS / name)
    assert record.kind == "arr-coc" and record.warnings == ()
    assert record.epoch is not None and record.step is not None
    assert record.metrics and record.config and record.notes
    assert {"epoch", "step", "metrics", "config", "notes"} <= set(record.said_by)


def test_the_examples_are_there_with_their_images():
    examples = json.loads((EXAMPLES / "examples.json").read_text(encoding="utf-8"))
    assert examples
    for example in examples:
        assert example["question"].strip() and example["answer"].strip()
        with Image.open(EXAMPLES / example["image"]) as image:
            image.load()
