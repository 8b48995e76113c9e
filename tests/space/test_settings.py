import re
from dataclasses import fields
from pathlib import Path

import pytest

import settings as module
from environment import read
from ports import in_url
from settings import BadSetting, Settings


def test_an_empty_environment_gives_a_private_app_on_port_7860():
    settings = read({})
    assert (settings.host, settings.port, settings.base) == ("127.0.0.1", 7860, None)
    assert settings.is_private


def test_empty_variables_count_as_unset():
    assert read({"HOST": "", "PORT": "", "BASE": "", "CHECKPOINTS": ""}) == Settings()


def test_host_port_and_base_override(tmp_path):
    settings = read({"HOST": "0.0.0.0", "PORT": "9000", "BASE": str(tmp_path)})
    assert (settings.host, settings.port, settings.base) == ("0.0.0.0", 9000, str(tmp_path))
    assert not settings.is_private


def test_a_space_listens_everywhere_and_is_not_private():
    settings = read({"SYSTEM": "spaces", "SPACE_ID": "someone/vlmscope"})
    assert settings.host == "0.0.0.0"
    assert not settings.is_private


@pytest.mark.parametrize(
    "name",
    [
        *("PORT", "MAX_NEW_TOKENS", "USERS", "MAX_IMAGE_MEGAPIXELS", "THREADS", "HEADS"),
        *("QUEUE", "PER_PERSON", "TIMEOUT"),
    ],
)
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "99999999", "²"])
def test_a_number_out_of_range_is_refused_with_its_name_and_value(name, value):
    with pytest.raises(BadSetting, match=f"{name}={value} is no whole number from 1 to"):
        read({name: value})


def test_an_image_of_a_camera_of_sixteen_megapixels_is_within_sixteen():
    assert 4624 * 3468 <= read({}).max_image_pixels < 4700 * 3600


def test_strangers_share_the_engine_within_limits_and_ones_own_has_none():
    own, shared = read({}), read({"HOST": "0.0.0.0"})
    assert (own.most_each, own.seconds) == (None, None)
    assert (shared.most_each, shared.seconds) == (2, 120)
    assert "max_seconds" not in own.engine_options
    assert shared.engine_options["max_seconds"] == 120
    told = read({"HOST": "0.0.0.0", "PER_PERSON": "5", "TIMEOUT": "30", "QUEUE": "8", "USERS": "3"})
    assert (told.most_each, told.seconds, told.queue, told.places) == (5, 30, 8, 3)


def test_comparisons_are_logged_anywhere_but_at_the_desk_unless_told_and_questions_nowhere():
    assert not read({}).is_logged
    assert read({"LOG": "yes"}).is_logged
    assert read({"HOST": "0.0.0.0"}).is_logged
    assert not read({"HOST": "0.0.0.0", "LOG": "no"}).is_logged
    assert not read({"HOST": "0.0.0.0"}).log_questions
    with pytest.raises(BadSetting, match="LOG=loud is neither yes nor no"):
        read({"LOG": "loud"})


def test_threads_are_pytorchs_own_choice_unless_set():
    assert read({}).threads is None
    assert read({"THREADS": "1"}).threads == 1


def test_the_ceiling_of_memory_is_in_gib_and_measured_unless_set():
    assert read({}).memory_gib is None
    assert read({"MEMORY_GIB": " 14.5 "}).memory_gib == 14.5


@pytest.mark.parametrize("value", ["0", "0.0", "-1", "nan", "inf", "1e3", "16GiB", "²"])
def test_a_ceiling_that_is_no_number_of_gib_is_refused(value):
    with pytest.raises(BadSetting, match=f"MEMORY_GIB={value} is no number of GiB"):
        read({"MEMORY_GIB": value})


def test_device_and_dtype_are_chosen_by_the_hardware_unless_set():
    assert (read({}).device, read({}).dtype) == (None, None)
    auto = read({"DEVICE": "auto", "DTYPE": " Auto "})
    assert (auto.device, auto.dtype) == (None, None)
    set_ = read({"DEVICE": "CUDA", "DTYPE": "float16"})
    assert (set_.device, set_.dtype) == ("cuda", "float16")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("DEVICE", "tpu", "auto, cpu or cuda"),
        ("DTYPE", "int8", "auto, float16, bfloat16 or float32"),
    ],
)
def test_another_device_or_dtype_is_refused_with_what_is_allowed(name, value, allowed):
    with pytest.raises(BadSetting, match=f"{name}={value} cannot be used; set {allowed}"):
        read({name: value})


def test_a_revision_is_of_a_base_that_is_named():
    assert read({"BASE": "owner/name", "REVISION": "v2"}).revision == "v2"
    with pytest.raises(BadSetting, match="REVISION=v2 is of no base; set BASE"):
        read({"REVISION": "v2"})


def test_no_ceiling_can_be_kept_where_the_card_is_lent_for_each_task():
    with pytest.raises(BadSetting, match=r"MEMORY_GIB=14\.5 cannot be kept on ZeroGPU"):
        read({"MEMORY_GIB": "14.5", "SPACES_ZERO_GPU": "true"})


def test_a_checkpoint_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="nowhere, which is not there"):
        read({"CHECKPOINTS": str(tmp_path / "nowhere")})


def test_an_ipv6_address_stands_in_brackets_in_a_url():
    assert in_url("::1") == "[::1]"
    assert in_url("127.0.0.1") == "127.0.0.1"
    assert read({"HOST": "[::1]"}).host == "::1"
    assert read({"HOST": "::1"}).is_private


def test_a_history_folder_that_is_a_file_is_refused(tmp_path):
    assert read({"HISTORY": str(tmp_path / "new")}).history == tmp_path / "new"
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(BadSetting, match="file is a file; name a folder"):
        read({"HISTORY": str(file)})


def test_recorded_comparisons_lie_in_a_folder_that_is_there(tmp_path):
    assert read({"RECORDED": str(tmp_path)}).recorded == tmp_path
    with pytest.raises(BadSetting, match=r"RECORDED=.*nowhere is no folder"):
        read({"RECORDED": str(tmp_path / "nowhere")})


def test_a_short_secret_is_refused_without_being_said():
    assert read({"SECRET": "long enough to be one"}).secret == "long enough to be one"
    with pytest.raises(BadSetting, match="SECRET has 5 characters") as refused:
        read({"SECRET": "hush!"})
    assert "hush!" not in str(refused.value)


def test_a_strangers_history_is_bounded_and_ones_own_is_not():
    assert read({}).history_bytes is None
    assert read({"HOST": "0.0.0.0"}).history_bytes == 256 * 2**20
    assert read({"HISTORY_GIB": "1.5"}).history_bytes == 1.5 * 2**30


def test_the_table_of_settings_has_all_of_them_and_no_other():
    table = Path(module.__file__).with_name("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", table, re.M)
    named = {name for row in rows for name in re.findall(r"[A-Z_]+", row)}
    # A Space is told by the Hub that it is one, and whether people sign in.
    assert named == {field.name.upper() for field in fields(Settings)} - {"SPACE", "SIGN_IN"}
