import zipfile

import matrix


def test_the_oldest_and_the_newest_gradio_that_the_package_allows_are_tried():
    offered = ["7.0.0", "6.31.0", "6.24.0", "6.10.1", "6.10.0", "6.9.0", "5.50.0"]
    assert matrix.versions(offered) == ["6.10.0", matrix.MIDDLE, "6.31.0"]


def test_a_middle_that_is_the_newest_is_tried_once():
    assert matrix.versions(["6.10.0", matrix.MIDDLE]) == ["6.10.0", matrix.MIDDLE]


def test_wheels_differ_in_a_file_that_one_lacks_or_holds_otherwise(tmp_path):
    wheels = (tmp_path / "one.whl", tmp_path / "other.whl")
    for wheel, files in zip(
        wheels, ({"a": "1", "b": "1"}, {"a": "1", "b": "2", "c": ""}), strict=True
    ):
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    assert matrix.differing(*wheels) == ["b", "c"]
