from typing import Any

import pytest
from PIL import Image

from bases import (
    ON_A_GPU,
    PROMPT_ROOM,
    check_answer_length,
    count_image_tokens,
    device_of,
    load_base,
)
from request import picture, picture_size
from settings import BadSetting
from vlmscope import BaseError, InputError
from vlmscope.engine.prompt import reserved_tokens


class Loader:
    """Records what it is asked for, and refuses some."""

    def __init__(self, refused=()):
        self.asked, self.refused = [], refused

    def __call__(self, name) -> Any:
        self.asked.append(name)
        if name in self.refused:
            raise BaseError(f"{name} cannot be reached.")
        return f"base {name}"


def quiet(text):
    pass


def test_the_device_is_a_gpu_where_there_is_one_unless_it_is_set():
    assert device_of(None, True) == "cuda"
    assert device_of(None, False) == "cpu"
    assert device_of("cpu", True) == "cpu"
    with pytest.raises(BadSetting, match="DEVICE=cuda needs a GPU"):
        device_of("cuda", False)


def test_without_a_gpu_the_shipped_base_is_loaded():
    load = Loader()
    assert load_base(None, False, load, quiet).notice == ""
    assert load.asked == [None]


def test_with_a_gpu_the_real_base_is_loaded():
    load = Loader()
    assert load_base(None, True, load, quiet).base == f"base {ON_A_GPU}"


def test_with_a_gpu_and_no_network_the_shipped_base_is_loaded_and_that_is_said():
    load = Loader(refused=[ON_A_GPU])
    loaded = load_base(None, True, load, quiet)
    assert loaded.base == "base None"
    assert ON_A_GPU in loaded.notice
    assert "cannot be reached" in loaded.reason


@pytest.mark.parametrize("has_gpu", [True, False])
def test_a_base_asked_for_by_name_is_never_replaced(has_gpu):
    with pytest.raises(BaseError):
        load_base("mine", has_gpu, Loader(refused=["mine"]), quiet)


def test_an_answer_that_leaves_no_room_for_a_question_is_refused_with_the_longest_that_does(base):
    longest = base.max_positions - PROMPT_ROOM
    check_answer_length(base, longest)
    with pytest.raises(BaseError, match=f"MAX_NEW_TOKENS={longest + 1} .* at most {longest}"):
        check_answer_length(base, longest + 1)


def test_every_token_that_is_reserved_is_one_that_the_engine_refuses(base, image):
    reserved = reserved_tokens(base.model.config, base.tokenizer)
    for token in reserved:
        with pytest.raises(InputError, match="no text to this base"):
            base.prompt(f"What is {token}?", base.pixels(image))
    assert {"<|image_pad|>", "<|im_end|>"} <= set(reserved)


@pytest.mark.parametrize("size", [(37, 900), (192, 160), (1333, 77), (8, 8), (1000, 1000)])
def test_tokens_are_counted_from_the_header_as_the_engine_cuts_the_turned_image(
    base, tmp_path, size
):
    file = tmp_path / "turned.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn, as phones write it
    Image.new("RGB", size).save(file, exif=turned)
    upright, _ = picture(str(file))
    assert upright
    assert upright.size == size[::-1]
    pixels = base.pixels(upright)
    assert count_image_tokens(base, *picture_size(str(file)) or ()) == pixels.rows * pixels.cols


def test_a_shape_the_base_refuses_has_no_token_count(base):
    assert count_image_tokens(base, 1, 5000) is None
