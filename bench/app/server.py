"""The page that is measured in a browser: python -m bench.app.server."""

from __future__ import annotations

import torch

from bench.app.page import built
from bench.app.stored import Stored, talkative
from vlmscope import compare

SECONDS, STEPS_PER_SECOND = 10.0, 120.0


def main() -> None:
    torch.set_num_threads(1)
    engine = Stored(compare, lambda kept: talkative(kept, SECONDS, STEPS_PER_SECOND))
    page, options = built(engine)
    page.launch(**options)


if __name__ == "__main__":
    main()
