"""The folder and the secret that outlive the app."""

import stat
from pathlib import Path

import pytest

from keeping import data_folder, kept_secret, lasting
from settings import BadSetting, Settings


def test_at_the_desk_the_history_lies_among_the_users_data_and_its_secret_stays(tmp_path):
    environment = {"XDG_DATA_HOME": str(tmp_path)}
    settings, notice = lasting(Settings(), environment)
    assert settings.history == tmp_path / "vlmscope"
    assert settings.secret
    assert notice == ""
    assert lasting(Settings(), environment) == (settings, "")


def test_without_a_usable_xdg_data_home_it_is_the_one_of_the_specification():
    for environment in ({}, {"XDG_DATA_HOME": ""}, {"XDG_DATA_HOME": "relative"}):
        assert data_folder(environment) == Path.home() / ".local" / "share" / "vlmscope"


def test_a_shared_server_keeps_nothing_unless_it_is_told_where(tmp_path):
    shared = Settings(host="0.0.0.0")
    assert lasting(shared, {"XDG_DATA_HOME": str(tmp_path)}) == (shared, "")
    assert list(tmp_path.iterdir()) == []
    told, _ = lasting(Settings(host="0.0.0.0", history=tmp_path / "kept"), {})
    assert told.secret


def test_a_secret_that_is_set_holds_and_none_is_written(tmp_path):
    settings, _ = lasting(Settings(history=tmp_path, secret="sixteen letters!"), {})
    assert settings.secret == "sixteen letters!"
    assert list(tmp_path.iterdir()) == []


def test_the_secret_is_this_users_alone_and_differs_from_folder_to_folder(tmp_path):
    one, other = kept_secret(tmp_path / "one"), kept_secret(tmp_path / "other")
    assert one != other
    assert kept_secret(tmp_path / "one") == one
    assert stat.S_IMODE((tmp_path / "one" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700
    assert [file.name for file in (tmp_path / "one").iterdir()] == ["secret"]


def test_an_empty_secret_file_is_refused_without_being_replaced(tmp_path):
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(BadSetting, match="holds 0 characters and no secret"):
        lasting(Settings(history=tmp_path), {})
    assert (tmp_path / "secret").read_text() == "\n"


def test_where_the_users_data_cannot_be_written_the_app_says_that_the_history_ends_with_it(
    tmp_path,
):
    (tmp_path / "file").touch()
    settings, notice = lasting(Settings(), {"XDG_DATA_HOME": str(tmp_path / "file")})
    assert settings == Settings()
    assert notice.startswith("The history ends with the app: The secret ")


def test_a_named_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="set HISTORY to another folder"):
        lasting(Settings(history=tmp_path / "file" / "history"), {})
