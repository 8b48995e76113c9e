"""The recipe's numbers: what each stage does and for how long; a small one tries every step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """What one stage of the base's training does."""

    name: str
    steps: int
    batch: int
    rate: float  # peak learning rate of AdamW
    muon: float  # and of Muon, which moves every direction of a matrix alike
    floor: float  # share of the peak that is left at the end
    questions: int = 8
    probe: float = 1.0  # weight of the auxiliary task of the vision tower
    tower: float = 1.0  # the tower's learning rate over the language model's
    dropping: float = 0.0  # share of the steps that drop image tokens
    weights: tuple[tuple[str, float], ...] = ()  # of question types and forms; 1 where not named


@dataclass(frozen=True)
class HeadRun:
    """One idea of how to train a head."""

    name: str
    idea: str
    steps: int
    ship: tuple[int, ...]  # steps at which a checkpoint is kept
    without: str = ""  # a score that the balancer learns to leave out
    rate: float = 2e-3
    seed: int = 0


@dataclass(frozen=True)
class AdapterRun:
    """One LoRA adapter on the language model, which learns to answer from few image tokens."""

    name: str
    idea: str
    steps: int
    batch: int = 16
    rank: int = 4
    alpha: int = 8
    rate: float = 2e-3
    least: float = 0.08  # share of the image tokens that stays
    most: float = 0.4
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """Everything from random weights to the model card."""

    stages: tuple[Stage, ...]
    runs: tuple[HeadRun, ...]
    adapters: tuple[AdapterRun, ...]
    tokenizer_scenes: int = 3000
    pool: int = 32  # batches of images that heads learn from
    validation: int = 8  # and that tell how they do
    images: int = 16  # in a batch of theirs
    cases: int = 250  # held-out cases of each type
    suite: int = 25  # of each type in the suite that ships


STAGES = (
    Stage("crops", steps=900, batch=80, rate=2e-3, muon=2e-2, floor=0.2),
    # A language model that knows nothing yet would teach the tower to forget what it can read.
    Stage(
        "scenes",
        steps=2200,
        batch=16,
        rate=8e-4,
        muon=3e-3,
        floor=0.3,
        tower=0.3,
        weights=(
            ("specific", 2.0),
            ("where", 3.0),
            ("where letter", 3.0),
            ("letter", 4.0),
            ("letter yes/no", 2.0),
        ),
    ),
    Stage(
        "hard",
        steps=1600,
        batch=16,
        rate=5e-4,
        muon=1.8e-3,
        floor=0.02,
        tower=0.3,
        dropping=0.35,
        weights=(
            ("detail", 1.7),
            ("read yes/no", 5.0),
            ("counting", 1.7),
            ("describe", 3.0),
            ("where", 2.0),
            ("where letter", 2.0),
            ("letter", 2.0),
            ("letter yes/no", 3.0),
        ),
    ),
)

RUNS = (
    HeadRun(
        "influence",
        "to rank tokens by what the base's answers gain from each",
        steps=600,
        ship=(30, 600),
    ),
    HeadRun(
        "blind",
        "to rank tokens by what the base's answers gain from each, without the score that looks at "
        "the question",
        steps=300,
        ship=(300,),
        without="participatory",
        seed=1,
    ),
)

ADAPTERS = (AdapterRun("few-tokens", "to answer from 8 % to 40 % of the image tokens", steps=500),)

FULL = Recipe(STAGES, RUNS, ADAPTERS)
SMOKE = Recipe(
    stages=(
        Stage("crops", steps=2, batch=4, rate=1e-3, muon=1e-3, floor=0.5),
        Stage(
            "scenes", steps=2, batch=4, rate=1e-3, muon=1e-3, floor=0.5, questions=2, dropping=0.5
        ),
    ),
    runs=(
        HeadRun("smoke", "a trial of every step", steps=4, ship=(2, 4)),
        HeadRun("other", "a second run", steps=2, ship=(2,), without="information"),
    ),
    adapters=(AdapterRun("smoke-lora", "a trial of every step", steps=3, batch=4),),
    tokenizer_scenes=100,
    pool=1,
    validation=1,
    images=2,
    cases=2,
    suite=2,
)
