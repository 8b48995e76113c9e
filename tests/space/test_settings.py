import socket

import pytest

from ports import first_free
from settings import BadSetting, Settings, read


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
    settings = read({"SPACE_ID": "someone/vlmscope"})
    assert settings.host == "0.0.0.0"
    assert not settings.is_private


@pytest.mark.parametrize("name", ["PORT", "MAX_NEW_TOKENS", "USERS"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "99999999", "²"])
def test_a_number_out_of_range_is_refused_with_its_name_and_value(name, value):
    with pytest.raises(BadSetting, match=f"{name}={value} is no whole number from 1 to"):
        read({name: value})


def test_a_checkpoint_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="nowhere, which is not there"):
        read({"CHECKPOINTS": str(tmp_path / "nowhere")})


def test_a_taken_port_gives_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < first_free("127.0.0.1", port) < port + 100


def test_a_free_port_is_taken_as_it_is():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert first_free("127.0.0.1", port) == port
