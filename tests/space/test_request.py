import pytest

from menu import Choice
from offer import Offer
from request import Limits, Problems, Request, picture_size, read_form, word_maps_problem
from vlmscope import Variant

BASELINE = Variant("baseline")


@pytest.fixture
def form(image_file):
    """A form in order, with single fields to be changed."""

    def read(**changed):
        fields = {
            "image": str(image_file),
            "question": "What colour is the star?",
            "ticked": [BASELINE, Variant("random")],
            "lines": "",
            "percent": 50,
            "limits": Limits(reserved=["<|image_pad|>"]),
        }
        return read_form(**(fields | changed))

    return read


def test_a_form_in_order_gives_a_request_with_the_budget_on_all_that_take_one(form):
    request = form(lines="uniform\n\nrandom:keep=25%,seed=3\n")
    assert isinstance(request, Request)
    assert [str(v.options.get("keep")) for v in request.variants] == ["None", "50%", "50%", "25%"]
    assert request.image.size == (192, 160)


def test_the_same_variant_twice_gets_two_ids(form):
    request = form(lines="random")
    assert len({variant.id for variant in request.variants}) == 3


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"image": None}, "image", "There is no image yet"),
        ({"question": "  "}, "question", "There is no question yet"),
        ({"question": "a" * 2001}, "question", "The question has 2,001 characters; 2,000 are"),
        ({"question": "What is <|image_pad|>?"}, "question", "The question holds '<|image_pad|>'"),
        ({"ticked": []}, "variants", "No variant is chosen; tick at least one."),
        ({"ticked": [BASELINE] * 17}, "variants", "17 variants are chosen; 16 are"),
        ({"lines": "random\nrandom:keep=0"}, "lines", "Line 2: keep=0 keeps no image token"),
        ({"lines": "random:keep=nan"}, "lines", "Line 1: keep=nan is no number"),
        ({"lines": "sharpest:keep=5"}, "lines", "Line 1: 'sharpest' is no kind of variant"),
        ({"lines": "random:colour=red"}, "lines", "Line 1: 'random' has no option 'colour'"),
        ({"lines": ":"}, "lines", "Line 1: ':' is no variant"),
        ({"lines": "random\n" * 15}, "lines", "With the 2 ticked, 17 variants are chosen; 16"),
        ({"lines": " " * 4001}, "lines", "These lines have 4,001 characters; 4,000 are the most"),
        ({"percent": float("nan")}, "budget", "A budget of nan % is none"),
        ({"percent": 0}, "budget", "A budget of 0 % is none"),
        ({"percent": 101}, "budget", "A budget of 101 % is none"),
        (
            {"limits": Limits(image_pixels=20_000)},
            "image",
            "'scene.png' has 192×160 pixels",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nowhere_else(form, changed, field, sentence):
    problems = form(**changed)
    assert isinstance(problems, Problems)
    assert getattr(problems, field).startswith(sentence)
    others = {"image", "question", "variants", "lines", "budget"} - {field}
    assert not any(getattr(problems, other) for other in others)


def test_everything_that_is_wrong_is_said_at_once(form):
    problems = form(image=None, question="", ticked=[])
    assert problems.image
    assert problems.question
    assert problems.variants


def test_a_file_that_is_no_image_is_named_without_its_place_on_the_server(form, tmp_path):
    file = tmp_path / "notes.png"
    file.write_text("not an image")
    problems = form(image=str(file))
    assert isinstance(problems, Problems)
    assert problems.image == "'notes.png' is no image that can be read; give a PNG or a JPEG."


def test_a_checkpoint_that_is_not_there_is_left_to_its_own_cell(form):
    assert isinstance(form(lines="arr-coc:gone.safetensors"), Request)


def test_strangers_open_only_the_checkpoints_that_are_offered(form):
    ours = Choice(Variant("arr-coc", "/runs/ours.safetensors"))
    limits = Limits(Offer((ours,), is_private=False))
    request = form(lines="arr-coc:ours.safetensors", limits=limits)
    assert isinstance(request, Request)
    assert request.variants[-1].source == "/runs/ours.safetensors"
    for line in ("arr-coc:/etc/passwd", "lora:/etc/passwd", "random:keep=9,lora=/etc/passwd"):
        problems = form(lines=line, limits=limits)
        assert problems.lines.startswith("'/etc/passwd' is no checkpoint this server offers")
    problems = form(own={"random": {"lora": "/etc/passwd"}}, limits=limits)
    assert problems.variants.startswith("Random: '/etc/passwd' is no checkpoint this server offers")


def test_options_of_a_single_variant_are_its_own_and_its_id_and_title_stay(form):
    named = Variant("random", title="Chance")
    request = form(
        ticked=[BASELINE, named, Variant("uniform")],
        own={"random": {"keep": "64", "seed": " 7 ", "lora": "adapters/one"}, "uniform": {}},
    )
    assert [str(variant) for variant in request.variants] == [
        "baseline",
        "random:keep=64,seed=7,lora=adapters/one,id=random,title=Chance",
        "uniform:keep=50%,id=uniform",
    ]


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"keep": "all"}, "Random: keep=all is no number"),
        ({"seed": "x"}, "Random: seed=x"),
        ({"colour": "red"}, "Random: 'random' has no option 'colour'"),
    ],
)
def test_an_option_that_cannot_be_used_is_said_with_its_variant(form, own, sentence):
    assert form(own={"random": own}).variants.startswith(sentence)


def test_the_size_of_an_image_is_read_without_decoding_it(image_file, tmp_path):
    cut = tmp_path / "cut.png"
    cut.write_bytes(image_file.read_bytes()[:100])
    assert picture_size(str(cut)) == (192, 160)
    assert picture_size(None) is None
    assert picture_size(str(tmp_path / "gone.png")) is None


def test_maps_for_words_are_bounded_by_what_a_page_holds():
    assert not word_maps_problem(4096, 16, 128)  # an image of 2048², the most variants
    assert not word_maps_problem(None, 16, 128)
    said = word_maps_problem(16384, 8, 128)
    assert "from 8 variants at 16,384 image tokens could take 32 MiB; 16 are the most" in said
