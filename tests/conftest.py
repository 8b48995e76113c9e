"""What holds for every test: nobody's own data is touched."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory):
    """An app that a test starts keeps its history here, unless it is told another place."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        yield folder
