"""Store the comparison that the app shows when it opens: the shipped base on the first example whose
question the baseline gets right and not every variant does."""

from convert import is_correct
from examples import read_examples
from first import STORED
from menu import menu, ticked_at_first
from offer import Offer
from request import with_budget
from vlmscope import Run, SharedBase, discover, run
from vlmscope.engine.loading import shipped_folder

PERCENT = 50
MAX_NEW_TOKENS = 128


def first_run(base: SharedBase) -> Run:
    """The variants that are ticked at first, on the first example that tells them apart."""
    assets = shipped_folder().parent
    choices = menu(discover(assets / "checkpoints"))
    ticked = ticked_at_first(choices)
    variants = [with_budget(c.variant, PERCENT) for c in choices if c.variant.id in ticked]
    for example in read_examples(assets / "examples"):
        made = run(base, example.image, example.question, variants, max_new_tokens=MAX_NEW_TOKENS)
        right = [is_correct(result.answer, example.answer) for result in made.results]
        if right[0] and not all(right):
            return Offer(choices, is_private=True).veiled_run(made)
    raise SystemExit("Every variant answers every example alike; add an example that is harder.")


def main() -> None:
    first_run(SharedBase.load(device="cpu")).save(STORED)
    print(f"{STORED.name}: {STORED.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
