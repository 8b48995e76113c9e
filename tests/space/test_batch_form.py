"""What stands in the form of a batch becomes its plan, or sentences beside the fields."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from batch.form import MAX_IMAGES, PRODUCT, SHIPPED, UPLOADED, Asked, Limits, Problems, read_form
from batch.plan import Plan
from menu import menu
from offer import Offer
from vlmscope import peek
from vlmscope.engine.loading import shipped_folder

HELD_OUT = shipped_folder().parent / "suites" / "held_out_100.json"
LIMITS = Limits(
    cases=100, variants=3, new_tokens=6, image_pixels=1_000_000, reserved=("<|im_end|>",)
)


@pytest.fixture
def offer(head) -> Offer:
    return Offer(menu([peek(head)]), is_private=True)


@pytest.fixture
def images(tmp_path) -> list[Path]:
    places = [tmp_path / name / "scene.png" for name in ("one", "two")]
    for shade, place in enumerate(places):
        place.parent.mkdir()
        Image.new("RGB", (48, 32), (shade, 0, 0)).save(place)
    return places


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def asked(images) -> Asked:
    return Asked(
        source=PRODUCT,
        images=images,
        questions="What?\n\n  Who?  \nWhat?",
        files=(),
        count=None,
        ticked=["baseline", "arr-coc-late"],
        lines="",
        percent=25,
        is_measured=False,
    )


def plan_of(asked: Asked, offer: Offer, home: Path, limits: Limits = LIMITS) -> Plan:
    plan = read_form(asked, offer, limits, HELD_OUT, home)
    assert isinstance(plan, Plan), plan
    return plan


def problems_of(asked: Asked, offer: Offer, home: Path, limits: Limits = LIMITS) -> Problems:
    problems = read_form(asked, offer, limits, HELD_OUT, home)
    assert isinstance(problems, Problems)
    return problems


def test_every_question_is_asked_about_a_copy_of_every_image(asked, images, offer, home):
    plan = plan_of(asked, offer, home)
    assert [case.id for case in plan.cases] == ["1-1", "1-2", "2-1", "2-2"]
    assert [case.query for case in plan.cases] == ["What?", "Who?"] * 2
    assert [case.image.read_bytes() for case in plan.cases[::2]] == [i.read_bytes() for i in images]
    assert {case.image.parent for case in plan.cases} == {home}
    assert not any(case.expected for case in plan.cases)


def test_the_budget_is_that_of_every_variant_that_takes_one(asked, offer, home):
    plan = plan_of(replace(asked, lines="uniform:keep=10%"), offer, home)
    assert [v.options.get("keep") for v in plan.variants] == [None, "25%", "10%"]
    assert [v.id for v in plan.variants] == ["baseline", "arr-coc-late", "uniform-keep10pct"]


@pytest.mark.parametrize("measured", [False, True])
def test_latency_is_measured_only_when_asked_for(asked, offer, home, measured):
    plan = plan_of(replace(asked, is_measured=measured), offer, home)
    assert plan.is_measured is measured
    assert plan.options["max_new_tokens"] == 6


def test_the_held_out_suite_is_asked_from_its_first_case_on(asked, offer, home):
    plan = plan_of(replace(asked, source=SHIPPED, count=5, images=(), questions=""), offer, home)
    first = json.loads(HELD_OUT.read_text())[:5]
    assert [(c.id, c.query) for c in plan.cases] == [(each["id"], each["query"]) for each in first]
    assert all(case.expected for case in plan.cases)


def test_an_uploaded_suite_may_name_images_that_ship(asked, offer, home):
    plan = plan_of(replace(asked, source=UPLOADED, files=[HELD_OUT]), offer, home)
    assert len(plan.cases) == 100
    assert {case.image for case in plan.cases} == set(home.rglob("*"))


def test_a_plan_survives_as_plain_data(asked, offer, home):
    plan = plan_of(replace(asked, source=SHIPPED, count=3, is_measured=True), offer, home)
    record = json.loads(json.dumps(plan.to_record()))
    assert Plan.from_record(record, home) == plan
    assert str(home) not in json.dumps(record)


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"images": ()}, "images", "There is no image yet"),
        ({"questions": " \n"}, "questions", "There is no question yet"),
        ({"questions": "a\n" + "b" * 2001}, "questions", "Question 2 has 2,001 characters"),
        ({"questions": "a <|im_end|> b"}, "questions", "no text to this base"),
        ({"ticked": ()}, "variants", "No variant is chosen"),
        ({"lines": "uniform\nrandom"}, "variants", "4 variants are chosen; 3 are the most"),
        ({"lines": "nonsense"}, "lines", "Line 1"),
        ({"lines": "x" * 4001}, "lines", "4,001 characters"),
        ({"percent": 0}, "budget", "A budget of 0 % is none"),
        ({"percent": None}, "budget", "A budget of None % is none"),
        ({"source": SHIPPED, "count": None}, "count", "None is no number of cases"),
        ({"source": SHIPPED, "count": 101}, "count", "from 1 to 100"),
        ({"source": SHIPPED, "count": 2.5}, "count", "2.5 is no number of cases"),
        ({"source": UPLOADED}, "suite", "There should be one suite file"),
    ],
)
def test_what_is_missing_or_too_much_is_said_beside_its_field(
    asked, offer, home, change, field, sentence
):
    problems = problems_of(replace(asked, **change), offer, home)
    assert sentence in getattr(problems, field)
    assert [f for f in vars(problems) if getattr(problems, f)] == [field]


def test_more_images_than_a_batch_takes_are_refused(asked, images, offer, home):
    problems = problems_of(replace(asked, images=images * 33), offer, home)
    assert f"There are 66 images; {MAX_IMAGES} are the most" in problems.images


def test_more_cases_than_a_batch_takes_are_refused(asked, offer, home):
    few = replace(LIMITS, cases=3)
    problems = problems_of(asked, offer, home, few)
    assert problems.questions == (
        "2 images and 2 questions make 4 cases; 3 are the most of a batch, so take fewer."
    )
    problems = problems_of(replace(asked, source=UPLOADED, files=[HELD_OUT]), offer, home, few)
    assert "make 100 cases" in problems.suite


def test_what_is_no_image_or_too_large_a_one_is_named_before_anything_runs(
    asked, images, offer, home, tmp_path
):
    (fake := tmp_path / "fake.png").write_text("no image")
    problems = problems_of(replace(asked, images=[images[0], fake]), offer, home)
    assert problems.images.startswith("Image 2, 'fake.png', is none that can be read")
    Image.new("1", (2000, 600)).save(large := tmp_path / "large.png")
    problems = problems_of(replace(asked, images=[large]), offer, home)
    assert "has 2000×600 pixels" in problems.images
    assert str(tmp_path) not in problems.images


def test_strangers_name_only_checkpoints_that_are_offered(asked, head, tmp_path, home):
    shared = Offer(menu([peek(head)]), is_private=False)
    other = shutil.copy(head, tmp_path / "other.safetensors")
    problems = problems_of(replace(asked, lines=f"arr-coc:{other}"), shared, home)
    assert "is no checkpoint this server offers" in problems.lines
