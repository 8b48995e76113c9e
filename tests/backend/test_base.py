"""Loading a base, or being told in one sentence why not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from vlmscope import BaseError, SharedBase
from vlmscope.engine import loading
from vlmscope.engine.loading import choose_dtype, find_base


def test_a_cpu_computes_in_float32_whatever_is_stored(tiny_folder: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_folder, tmp_path / "half")
    stored = {k: v.bfloat16() for k, v in load_file(folder / "model.safetensors").items()}
    save_file(stored, folder / "model.safetensors", {"format": "pt"})
    base = SharedBase.load(folder, device="cpu")
    assert base.dtype == torch.float32
    assert {p.dtype for p in base.model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("capability", "dtype"), [((7, 5), torch.float16), ((8, 0), torch.bfloat16)]
)
def test_a_gpu_computes_in_bfloat16_where_it_can(monkeypatch, capability, dtype):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert choose_dtype(None, torch.device("cuda")) == dtype


def spoil_config(folder: Path, **changes) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def drop_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights.pop("model.language_model.norm.weight")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


BROKEN = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json"),
    "another model": (lambda f: spoil_config(f, model_type="llama"), "llama"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "cannot be loaded"),
    "a weight missing": (drop_a_weight, r"norm\.weight"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "cannot be loaded"),
    "no template": (lambda f: (f / "chat_template.jinja").unlink(), "chat template"),
    "no image processor": (lambda f: (f / "preprocessor_config.json").unlink(), "cannot be loaded"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_an_unfit_folder_gets_one_sentence(tiny_folder: Path, tmp_path: Path, how: str):
    spoil, named = BROKEN[how]
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    spoil(folder)
    with pytest.raises(BaseError, match=named) as caught:
        SharedBase.load(folder, device="cpu")
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["/nowhere/base", "./nowhere", "nowhere", "a/b/c"])
def test_a_missing_folder_is_named(name: str):
    with pytest.raises(BaseError, match=name):
        find_base(name)


def test_a_folder_has_no_revision(tiny_folder: Path):
    with pytest.raises(BaseError, match="'v2'"):
        find_base(tiny_folder, "v2")


def test_an_installation_without_a_base_says_what_to_name(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(loading, "shipped_folder", lambda: tmp_path)
    with pytest.raises(BaseError, match="Qwen/Qwen3-VL-2B-Instruct"):
        SharedBase.load()


@pytest.mark.parametrize(
    ("given", "named"),
    [({"device": "nonsense"}, "nonsense"), ({"dtype": "int8"}, "int8"), ({"dtype": "x"}, "'x'")],
)
def test_a_device_or_dtype_that_cannot_be_used_is_named(tiny_folder: Path, given, named: str):
    with pytest.raises(BaseError, match=named):
        SharedBase.load(tiny_folder, **{"device": "cpu", **given})


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate"), "does not fit"),
        (RuntimeError("CUDA error: device is lost\nmore of it"), "device is lost"),
    ],
)
def test_a_device_that_cannot_hold_the_base_gets_one_sentence(
    tiny_folder: Path, monkeypatch, fault: Exception, named: str
):
    def refuse(*args, **kwargs):
        raise fault

    monkeypatch.setattr(loading.Qwen3VLForConditionalGeneration, "to", refuse)
    with pytest.raises(BaseError, match=named) as caught:
        SharedBase.load(tiny_folder, device="cpu")
    assert "'cpu'" in str(caught.value) or "of cpu" in str(caught.value)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_a_base_describes_itself_in_plain_data(tiny: SharedBase):
    told = json.loads(json.dumps(tiny.describe()))
    assert told["hidden_size"] == 192 and told["layers"] == 4
    assert told["revision"].startswith("sha256:")


def test_the_template_of_a_processor_serves_a_tokenizer_without_one(
    tiny_folder: Path, tmp_path: Path, tiny: SharedBase
):
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").unlink()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    assert SharedBase.load(folder, device="cpu").tokenizer.chat_template == template


def test_a_model_id_is_pinned_to_its_commit_and_loaded_by_the_same_code(
    tiny_folder: Path, tmp_path: Path
):
    commit = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "hub" / "models--owner--tiny"
    shutil.copytree(tiny_folder, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    code = (
        "from vlmscope import BaseError, SharedBase\n"
        "base = SharedBase.load('owner/tiny', device='cpu')\n"
        "print(base.name, base.revision, base.hidden_size)\n"
        "try: SharedBase.load('owner/tiny', revision='v9')\n"
        "except BaseError as error: print(error)\n"
    )
    # A process of its own: the Hub's client reads where its cache lies when it is imported.
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    environment.pop("HF_HUB_CACHE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    loaded, refused = done.stdout.splitlines()
    assert loaded == f"owner/tiny {commit} 192"
    assert "owner/tiny@v9" in refused


def test_code_that_lies_beside_a_base_is_not_run(tiny_folder: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_folder, tmp_path / "base")
    ran = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Any: pass\n")
    mapped = {"auto_map": dict.fromkeys(("AutoConfig", "AutoModel", "AutoProcessor"), "evil.Any")}
    for name in ("config.json", "preprocessor_config.json", "tokenizer_config.json"):
        file = folder / name
        settings = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(settings | mapped))
    assert SharedBase.load(folder, device="cpu").hidden_size
    assert not ran.exists()
