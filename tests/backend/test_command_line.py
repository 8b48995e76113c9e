"""The command `vlmscope`: what it prints where, and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.heads import save_head
from tests.support.reference import picture

from vlmscope import Run
from vlmscope.cli import main

CASES = [
    {"id": "w/1", "type": "vague", "image": "a.png", "query": "What?", "expected": "never this"},
    {"id": "w/2", "type": "counting", "image": "a.png", "query": "How many?"},
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an image and checkpoints for two bases."""
    folder = tmp_path_factory.mktemp("place")
    picture(120, 90).save(folder / "a.png")
    save_head(folder / "late.safetensors", 192, {"epoch": "3", "metrics": {"accuracy": 0.5}})
    save_head(folder / "big.safetensors", 2048)
    (folder / "broken.safetensors").write_bytes(b"no")
    (folder / "no.png").write_text("no image")
    (folder / "suite.json").write_text(json.dumps(CASES))
    return folder


def strict(text: str):
    return json.loads(text, parse_constant=lambda name: pytest.fail(name))


def vlmscope(capsys, *line: object) -> tuple[int, str, str]:
    try:
        code = main([str(part) for part in line])
    except SystemExit as exit:
        code = int(exit.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_compare_gives_one_document(capsys, place: Path, tiny_folder: Path, tmp_path: Path):
    code, out, _ = vlmscope(
        *(capsys, "compare", place / "a.png", "What?", "--base", tiny_folder, "--json"),
        *("-v", "baseline", "-v", f"arr-coc:{place}/late.safetensors,keep=3"),
        *("--max-new-tokens", 3, "--save", tmp_path / "run.json"),
    )
    document = strict(out)
    assert code == 0
    assert document["image"] == {"width": 120, "height": 90, "rows": 3, "cols": 4, "tokens": 12}
    assert document["query"] == "What?" and document["stamp"]["mode"] == "together"
    baseline, kept = document["results"]
    assert baseline["kept"] == list(range(12)) and baseline["grid"] == [3, 4]
    assert kept["metrics"]["image_tokens"] == 3 == len(kept["kept"])
    assert kept["variant"] == f"arr-coc:{place}/late.safetensors,keep=3"
    assert kept["assign"] is None and kept["error"] is None and len(kept["token_ids"]) <= 3
    loaded = Run.load(tmp_path / "run.json")
    assert [each.answer for each in loaded.results] == [baseline["answer"], kept["answer"]]


def test_compare_shows_answers_without_json(capsys, place: Path, tiny_folder: Path):
    code, out, _ = vlmscope(
        *(capsys, "compare", place / "a.png", "What?", "--base", tiny_folder),
        *("-v", "uniform:keep=25%", "--max-new-tokens", 2),
    )
    assert code == 0 and out.startswith("Uniform · 25 % (3 of 12 image tokens)\n  ")


def test_a_variant_that_fails_exits_with_1_and_leaves_the_others(capsys, place, tiny_folder):
    code, out, _ = vlmscope(
        *(capsys, "compare", place / "a.png", "What?", "--base", tiny_folder, "--json"),
        *("-v", f"arr-coc:{place}/big.safetensors", "-v", "baseline", "--max-new-tokens", 2),
    )
    failed, answered = strict(out)["results"]
    assert code == 1 and failed["status"] == "failed" and "Qwen3-VL-2B" in failed["error"]
    assert failed["grid"] is None and failed["kept"] == [] and answered["status"] == "done"


UNUSABLE = [
    (["compare", "{place}/none.png", "What?"], "none.png"),
    (["compare", "{place}/no.png", "What?"], "no.png"),
    (["compare", "{place}/a.png", " "], "question is empty"),
    (["compare", "{place}/a.png", "What?", "-v", "nosuch"], "'nosuch'"),
    (["compare", "{place}/a.png", "What?", "-v", "random:keep=0"], "keep=0"),
    (["compare", "{place}/a.png", "What?", "-v", "random:keep=-1"], "keep=-1"),
    (["compare", "{place}/a.png", "What?", "-v", "random:keep=nan"], "keep=nan"),
    (["compare", "{place}/a.png", "What?", "-v", "baseline,"], "'baseline,'"),
    (["compare", "{place}/a.png", "What?", "--repeats", "3"], "repeats=3 needs"),
    (["compare", "{place}/a.png", "What?", "--max-new-tokens", "0"], "max_new_tokens=0"),
    (["compare", "{place}/a.png", "What?", "--max-new-tokens", "many"], "many"),
    (["compare", "{place}/a.png", "What?", "--base", "{place}/none"], "none"),
    (["compare", "{place}/a.png", "What?", "--save", "{place}/none/run.json"], "none/run.json"),
    (["compare", "{place}/a.png"], "QUERY"),
    (["checkpoints", "{place}/none"], "none"),
    (["checkpoints", "hf://owner/name"], "hf://owner/name"),
    (["check", "{place}/late.safetensors", "--base", "{place}/none"], "none"),
    (["suite", "{place}/none.json"], "none.json"),
    (["suite", "{place}/no.png"], "no JSON"),
    (["suite", "{place}/suite.json", "-v", "dance"], "dance"),
    (["suite", "{place}/suite.json", "--max-new-tokens", "0"], "max_new_tokens=0"),
    (["suite", "{place}/suite.json", "--save", "{place}/a.png"], "a.png"),
    (["suite", "{place}/suite.json", "--base", "{place}/none"], "none"),
    (["dance"], "dance"),
    ([], "COMMAND"),
]


@pytest.mark.parametrize(("line", "named"), UNUSABLE)
def test_unusable_input_exits_with_2_and_one_sentence(capsys, place: Path, line, named: str):
    filled = [part.format(place=place) for part in line]
    code, out, err = vlmscope(capsys, *filled)
    assert (code, out) == (2, "") and named in err.splitlines()[-1]
    code, out, err = vlmscope(capsys, *filled, "--json")
    assert code == 2 and named in strict(out)["error"] and "Traceback" not in err


def test_suite_gives_one_document_and_saves_each_run(capsys, place, tiny_folder, tmp_path: Path):
    code, out, err = vlmscope(
        *(capsys, "suite", place / "suite.json", "--base", tiny_folder, "--json"),
        *("-v", "baseline", "-v", "uniform:keep=50%", "-v", "uniform:keep=50%"),
        *("--max-new-tokens", 2, "--save", tmp_path / "new" / "runs"),
    )
    document = strict(out)
    assert code == 0 and document["suite"] == {"name": "suite", "cases": 2}
    assert list(document) == [
        *("suite", "base", "stamp", "variants", "accuracy", "cases"),
    ]
    ids = [each["id"] for each in document["variants"]]
    assert ids == ["baseline", "uniform-keep50pct", "uniform-keep50pct-2"]
    figures = {(each["variant"], each["type"]): each for each in document["accuracy"]}
    assert list(figures) == [(id, kind) for id in ids for kind in ("vague", "counting", None)]
    vague = figures["baseline", "vague"]
    # Wilson's upper end for none of one: z² / (1 + z²).
    assert vague["high"] == pytest.approx(1.959964**2 / (1 + 1.959964**2), abs=1e-6)
    assert (vague["correct"], vague["judged"], vague["share"], vague["low"]) == (0, 1, 0, 0)
    assert figures["baseline", "counting"]["share"] is None
    assert figures["baseline", None]["total"] == 2 and figures["baseline", None]["judged"] == 1
    first, second = document["cases"]
    assert first["expected"] == ["never this"] and first["error"] is None
    assert [each["how"] for each in first["results"]] == ["no accepted answer"] * 3
    assert [each["correct"] for each in second["results"]] == [None] * 3
    assert "1 of 2  w/1: baseline wrong" in err and "2 of 2  w/2: baseline not judged" in err
    saved = [Run.load(tmp_path / "new" / "runs" / f"{name}.json") for name in ("1-w_1", "2-w_2")]
    assert [run.results[0].answer for run in saved] == [
        case["results"][0]["answer"] for case in (first, second)
    ]


def test_suite_shows_a_line_for_each_type_and_goes_on_past_a_case_that_is_refused(
    capsys, place: Path, tiny_folder: Path, tmp_path: Path
):
    cases = [*CASES, {"id": "no", "type": "vague", "image": f"{place}/no.png", "query": "What?"}]
    cases = [case | {"image": str(place / case["image"])} for case in cases]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, cases)))
    code, out, err = vlmscope(
        *(capsys, "suite", tmp_path / "mine.jsonl", "--base", tiny_folder, "--max-new-tokens", 2)
    )
    assert code == 1 and "no: 'no.png' is no image" in err
    assert out.splitlines() == [
        "mine: 3 cases. Right of judged, share, 95 % interval (Wilson).",
        "Baseline",
        "  vague     0 of 1  0 % (0 % to 79 %), 1 not judged",
        "  counting  none judged of 1",
        "  all       0 of 1  0 % (0 % to 79 %), 2 not judged",
    ]


def test_a_variant_that_fails_in_a_suite_exits_with_1(capsys, place: Path, tiny_folder: Path):
    code, out, err = vlmscope(
        *(capsys, "suite", place / "suite.json", "--base", tiny_folder, "--json"),
        *("-v", f"arr-coc:{place}/big.safetensors", "--max-new-tokens", 1),
    )
    results = [each for case in strict(out)["cases"] for each in case["results"]]
    assert code == 1 and {each["status"] for each in results} == {"failed"}
    assert "Qwen3-VL-2B" in err and all(each["correct"] is None for each in results)


def test_a_folder_that_takes_no_run_costs_no_answer(
    capsys, place: Path, tiny_folder: Path, tmp_path: Path
):
    (tmp_path / "1-w_1.json").mkdir()
    code, out, err = vlmscope(
        *(capsys, "suite", place / "suite.json", "--base", tiny_folder, "--json"),
        *("--max-new-tokens", 1, "--save", tmp_path),
    )
    assert code == 1 and len(strict(out)["cases"]) == 2
    assert err.count("No further run is saved.") == 1


def test_checkpoints_lists_what_is_there(capsys, place: Path):
    code, out, err = vlmscope(capsys, "checkpoints", place)
    assert code == 0 and "late  arr-coc" in out and "epoch 3" in out and "broken" in err
    code, out, _ = vlmscope(capsys, "checkpoints", place, "--json")
    listed = {each["name"]: each for each in strict(out)}
    assert code == 0 and set(listed) == {"late", "big", "broken"}
    assert list(listed["late"]) == [
        *("name", "source", "kind", "bytes", "modified", "epoch", "step", "metrics", "config"),
        *("notes", "keep", "hypothesis", "result", "fits", "commit", "tensors", "warnings"),
        "said_by",
    ]
    late = listed["late"]
    assert late["metrics"] == {"accuracy": 0.5} and late["step"] is None
    assert late["tensors"]["balancer.weight_predictor.4.bias"] == [[3], "F32"]
    assert listed["broken"]["kind"] is None and listed["broken"]["warnings"]


def test_a_metric_beyond_any_float_does_not_end_the_list(capsys, tmp_path: Path):
    save_head(tmp_path / "a.safetensors", 192, {"metrics": {"a": 10**400, "b": 0.5}})
    code, out, err = vlmscope(capsys, "checkpoints", tmp_path)
    assert code == 0 and "b 0.5" in out and "no finite number for a" in err


@pytest.mark.parametrize(
    ("file", "base", "code", "fits"),
    [
        ("late", True, 0, "hidden size 192"),
        ("late", False, 0, "hidden size 192"),
        ("big", False, 0, "Qwen3-VL-2B"),
        ("big", True, 1, "Qwen3-VL-2B"),
        ("broken", False, 1, None),
        ("none", False, 1, None),
    ],
)
def test_check_says_whether_it_would_load(capsys, place, tiny_folder, file, base, code, fits):
    line = ["check", place / f"{file}.safetensors", *(["--base", tiny_folder] if base else [])]
    found, out, _ = vlmscope(capsys, *line, "--json")
    report = strict(out)
    assert (found, report["ok"], report["fits"]) == (code, code == 0, fits)
    assert list(report) == [
        *("ok", "kind", "fits", "reason", "matched", "missing", "unexpected", "mismatched")
    ]
    assert (report["reason"] is None) == report["ok"]
    if file == "big" and base:
        shapes = {each["key"]: (each["expected"], each["found"]) for each in report["mismatched"]}
        assert shapes["participatory_scorer.texture_proj.2.bias"] == ([192], [2048])
    found, out, _ = vlmscope(capsys, *line)
    assert found == code and len(out.splitlines()) == 1


def test_an_interrupt_exits_with_130(capsys, place, monkeypatch):
    def interrupted(*places):
        raise KeyboardInterrupt

    monkeypatch.setattr("vlmscope.cli.checkpoints.discover", interrupted)
    code, out, _ = vlmscope(capsys, "checkpoints", place, "--json")
    assert (code, out) == (130, "")


def test_python_dash_m_is_the_same_command(place: Path):
    done = subprocess.run(
        [sys.executable, "-m", "vlmscope", "check", place / "late.safetensors", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and strict(done.stdout)["ok"] is True


def test_what_is_listed_has_each_name_on_its_line_and_acts_on_no_terminal(capsys, tmp_path: Path):
    save_head(tmp_path / "red\x1b[31m\n.safetensors", 192, {"metrics": {"a\x1b[0m": 1}})
    (tmp_path / "broken\x1b[31m\n.pt").write_bytes(b"no")
    code, out, err = vlmscope(capsys, "checkpoints", tmp_path)
    assert code == 0 and len(out.splitlines()) == 2 and "red\\x1b[31m" in out
    assert all(line.isprintable() for line in (out + err).splitlines())
    broken = next(tmp_path.glob("broken*"))
    code, out, err = vlmscope(capsys, "check", broken)
    assert code == 1 and all(line.isprintable() for line in (out + err).splitlines())
    code, out, err = vlmscope(capsys, "check", "no\x1b[31m\nthing", "--bad\x1b[31m")
    assert code == 2 and all(line.isprintable() for line in (out + err).splitlines())
