"""The comparison that stands in the grid when the page opens."""

from asked import asked_by
from examples import read_examples
from first import stored_run
from menu import menu, ticked_at_first
from offer import Offer
from vlmscope import SharedBase, discover, run
from vlmscope.engine.loading import shipped_folder


def test_the_stored_comparison_is_what_the_shipped_base_answers_and_what_the_form_asks():
    stored = stored_run()
    assert stored is not None
    assets = shipped_folder().parent
    choices = menu(discover(assets / "checkpoints"))
    offer = Offer(choices, is_private=True)
    variants = [offer.resolved(result.variant) for result in stored.results]
    base = SharedBase.load(device="cpu")
    assert stored.stamp["revision"] == base.revision
    anew = run(base, stored.image.pixels, stored.query, variants, max_new_tokens=128)
    for was, now in zip(stored.results, anew.results, strict=True):
        assert was.token_ids == now.token_ids
        assert was.kept.tolist() == now.kept.tolist()
    asked = asked_by(variants, offer)
    assert asked.ticked == [id for id in (c.variant.id for c in choices) if id in asked.ticked]
    assert set(asked.ticked) == set(ticked_at_first(choices))
    assert (asked.lines, asked.own) == ("", {})
    assert stored.query in {e.question for e in read_examples(assets / "examples")}


def test_the_stored_comparison_says_no_place_of_a_disk():
    stored = stored_run()
    assert stored is not None
    for result in stored.results:
        assert all("/" not in source for source in result.variant.sources)
