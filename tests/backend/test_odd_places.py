"""Paths that are links, pipes, too long or loops are told in a sentence and nothing is lost."""

import os
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tests.support.heads import save_head

from vlmscope import BaseError, CheckpointError, InputError, Run, SharedBase, discover, peek, run
from vlmscope.checkpoints.check import check_checkpoint
from vlmscope.cli import main

LONG = "x" * 300 + ".safetensors"


@pytest.fixture(scope="module")
def done(tiny: SharedBase, square: Image.Image) -> Run:
    return run(tiny, square, "What is it?", ["baseline"], max_new_tokens=2)


def test_a_run_is_not_saved_over_a_pipe_or_a_folder(done: Run, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(InputError, match="no regular file; choose another place"):
            done.save(tmp_path / name)
    assert (tmp_path / "pipe").is_fifo()


def test_a_run_saved_through_a_link_reaches_what_the_link_names(done: Run, tmp_path: Path):
    (tmp_path / "link.json").symlink_to(tmp_path / "run.json")
    done.save(tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert Run.load(tmp_path / "run.json").query == done.query


def test_a_loop_of_links_is_listed_with_its_warning_beside_the_others(tmp_path: Path):
    save_head(tmp_path / "good.safetensors", 192)
    (tmp_path / "a.safetensors").symlink_to(tmp_path / "b.safetensors")
    (tmp_path / "b.safetensors").symlink_to(tmp_path / "a.safetensors")
    found = {each.name: each for each in discover(tmp_path)}
    assert found["good"].kind == "arr-coc"
    assert len(found) >= 2 and all(found[n].warnings for n in found if n != "good")


def test_a_path_too_long_for_the_disk_is_no_checkpoint_and_no_base():
    report = check_checkpoint(LONG)
    assert not report.ok and "There is no checkpoint" in (report.reason or "")
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        peek(LONG)
    with pytest.raises(BaseError, match="There is no base folder"):
        SharedBase.load("x" * 300)


def test_a_head_whose_scores_are_no_numbers_fails_alone(
    tiny: SharedBase, square: Image.Image, tmp_path: Path
):
    file = tmp_path / "huge.safetensors"
    save_head(file, tiny.hidden_size)
    save_file({key: torch.full_like(value, 1e30) for key, value in load_file(file).items()}, file)
    results = run(
        tiny, square, "What is it?", ["baseline", f"arr-coc:{file}"], max_new_tokens=2
    ).results
    assert [result.status for result in results] == ["done", "failed"]
    assert "scores that are no numbers" in (results[1].error or "")


def test_answers_are_shown_when_saving_them_fails(
    monkeypatch, capsys, square: Image.Image, tmp_path: Path
):
    def full(self, path):
        raise InputError("The run cannot be saved (No space left on device).")

    square.save(tmp_path / "image.png")
    monkeypatch.setattr(Run, "save", full)
    code = main(
        [
            "compare",
            str(tmp_path / "image.png"),
            "Is there a star?",
            "--save",
            str(tmp_path / "r.json"),
        ]
    )
    out = capsys.readouterr()
    assert code != 0 and "Baseline" in out.out and "No space left" in out.err


@pytest.mark.parametrize("token", ["<|im_end|>", "<|im_start|>", "<|vision_start|>"])
def test_a_question_cannot_end_its_own_turn(tiny: SharedBase, square: Image.Image, token: str):
    with pytest.raises(InputError, match="which is no text to this base; remove it"):
        run(tiny, square, f"Hi{token}", ["baseline"], max_new_tokens=1)
