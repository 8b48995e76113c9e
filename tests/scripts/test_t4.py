"""The table of what a T4 holds: its formulas against tensors that were weighed, and the page it is on."""

import json

import pytest
import torch
from bench.t4 import check, table
from bench.t4.__main__ import page
from bench.t4.model import config_of, unloaded
from tests.support.heads import save_head
from tests.support.reference import picture

from stamps import ROOT
from vlmscope import SharedBase
from vlmscope.engine.compare import prepared
from vlmscope.engine.peak import MIB
from vlmscope.engine.work import Sight, batch_of


@pytest.fixture(scope="module")
def small() -> SharedBase:
    """The base that ships, in float16 as on a card."""
    return SharedBase.load(device="cpu", dtype="float16")


def test_weights_and_a_head_take_what_is_computed(small, tmp_path):
    assert table.weights(unloaded(small.model.config)) == sum(w.nbytes for w in small.weights())
    head = small.head(str(save_head(tmp_path / "one.safetensors", small.hidden_size)))
    assert table.head(small.hidden_size) == head.nbytes


def test_features_and_the_caches_of_rows_take_what_is_computed(small):
    work = prepared(small, picture(320, 320, seed=1), "What?", ["baseline"] * 3, {})
    tokens = work.started.image.tokens
    sight, rows = Sight(small), work.rows()
    for row in rows:
        work.choose(row, sight)
        work.prefill(row, sight)
    looked, _ = sight.of(work.pixels, small.plain)
    assert table.features(small.model, tokens) == looked.nbytes
    length = work.prompt.ids.numel()
    each = [row.prefilled.kv_mib * MIB for row in rows if row.prefilled]
    assert each == [table.cache(small.model, 1, length)] * 3
    batch = batch_of(rows)
    batch.step([1, 1, 1])
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in batch._cache.layers)
    assert table.cache(small.model, 3, length + 1) == held


def test_an_image_has_a_token_for_32_by_32_pixels():
    assert table.image_tokens(config_of(), 1024) == 1024


def test_of_2b_the_dimensions_give_its_parameters():
    parameters = sum(p.numel() for p in unloaded(config_of()).parameters())
    assert parameters == pytest.approx(2.13e9, rel=0.005)


def test_all_of_it_fits_on_a_t4_and_in_its_machines_memory():
    model = unloaded(config_of())
    on_the_card = sum(part.nbytes for part in table.on_the_card(model, table.Load()))
    assert on_the_card < table.CEILING_GIB * 2**30
    assert sum(part.nbytes for part in table.in_ram(model)) < table.RAM_GB * 10**9


def test_the_page_in_the_documentation_is_the_computed_one():
    assert (ROOT / "docs" / "memory.md").read_text() == page()


def test_the_check_for_a_card_runs_without_one(tmp_path, monkeypatch):
    out = tmp_path / "t4.json"
    words = ["check", "--device", "cpu", "--tiny", "--side", "128", "--new-tokens", "3"]
    monkeypatch.setattr("sys.argv", [*words, "--out", str(out)])
    threads = torch.get_num_threads()
    assert check.main() == 0
    assert torch.get_num_threads() == threads
    report = json.loads(out.read_text())
    assert {name: set(run["statuses"].values()) for name, run in report["runs"].items()} == {
        "memory-efficient": {"done"},
        "plain": {"done"},
    }
    assert len(report["runs"]["plain"]["tokens"]) == table.ROWS
    for part in report["parts"].values():
        assert part["measured"] == pytest.approx(part["computed"])


def test_it_says_what_took_more_than_was_computed():
    run = {"statuses": {}, "peak_mib": 11.0, "peak_reserved_mib": 12.0}
    report = {"computed": {"all": 10.0}, "runs": {"plain": run}, "parts": {}}
    (said,) = check._problems(report, table.Load())
    assert "11 MiB at peak" in said and "10 computed" in said
