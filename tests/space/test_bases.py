from typing import Any

import pytest

from bases import ON_A_GPU, load_base
from vlmscope import BaseError


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
    assert "cannot be reached" in loaded.notice


@pytest.mark.parametrize("has_gpu", [True, False])
def test_a_base_asked_for_by_name_is_never_replaced(has_gpu):
    with pytest.raises(BaseError):
        load_base("mine", has_gpu, Loader(refused=["mine"]), quiet)
