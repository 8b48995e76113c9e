"""A suite is read from what people upload, and nothing else of the machine is."""

import json
import os
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from batch.folder import uploaded_suite
from vlmscope import InputError


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def uploads(tmp_path) -> Path:
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


def picture(place: Path, shade: int = 0) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 32), (shade, 0, 0)).save(place)
    return place


def suite(place: Path, *images: str) -> Path:
    cases = [
        {"id": f"c{n}", "type": "vague", "image": image, "query": "What?", "expected": "star"}
        for n, image in enumerate(images)
    ]
    place.write_text(json.dumps(cases))
    return place


def packed(place: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(place, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return place


def test_images_uploaded_beside_a_suite_are_found_by_the_last_part_of_their_names(home, uploads):
    file = suite(uploads / "mine.json", "images/a.png", "D:\\pictures\\b.png")
    images = [picture(uploads / "a.png", 1), picture(uploads / "b.png", 2)]
    read = uploaded_suite([*images, file], [], home)
    assert read.name == "mine"
    assert [case.image.read_bytes() for case in read.cases] == [i.read_bytes() for i in images]
    assert all(case.image.is_relative_to(home) for case in read.cases)


def test_a_zip_holds_the_suite_and_its_folder_of_images(home, uploads):
    image = picture(uploads / "a.png").read_bytes()
    lines = '{"image": "images/a.png", "query": "One?"}\n{"image": "images/a.png", "query": "Two?"}'
    members = {
        "set/standard.jsonl": lines.encode(),
        "set/images/a.png": image,
        "__MACOSX/set/images/._a.png": b"what a Mac adds",
        "set/readme.txt": b"left out",
    }
    read = uploaded_suite([packed(uploads / "all.zip", members)], [], home)
    assert [case.query for case in read.cases] == ["One?", "Two?"]
    assert read.cases[0].image.read_bytes() == image


def test_images_that_ship_need_not_be_uploaded(home, uploads):
    shipped = picture(uploads / "shipped" / "scene-01.png", 9)
    read = uploaded_suite([suite(uploads / "mine.json", "images/scene-01.png")], [shipped], home)
    assert read.cases[0].image.read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize("name", ["{secret}", "../../secret.png", "/etc/hostname", "secret.png"])
def test_a_suite_reads_nothing_of_the_servers_disk(home, uploads, tmp_path, name):
    secret = picture(tmp_path / "secret.png")
    file = suite(uploads / "mine.json", name.format(secret=secret))
    with pytest.raises(InputError) as refused:
        uploaded_suite([file], [], home)
    assert "there is no image" in str(refused.value)


def test_a_zip_writes_nowhere_else_and_its_links_are_no_links(home, uploads, tmp_path):
    secret = picture(tmp_path / "secret.png")
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    place = uploads / "all.zip"
    with zipfile.ZipFile(place, "w") as file:
        file.writestr("../../out.png", b"out")
        file.writestr("/abs.png", b"abs")
        file.writestr("..\\win.png", b"win")
        file.writestr(link, str(secret))
        file.writestr("s.json", json.dumps([{"image": "link.png", "query": "What?"}]))
    read = uploaded_suite([place], [], home)
    assert read.cases[0].image.read_bytes() == os.fsencode(secret)
    found = {p.name for p in tmp_path.rglob("*") if p.is_file() and not p.is_relative_to(home)}
    assert found == {"all.zip", "secret.png"}


def test_two_images_of_one_name_are_told_and_the_same_one_twice_is_not(home, uploads):
    file = suite(uploads / "mine.json", "a.png")
    one, other = picture(uploads / "x" / "a.png", 1), picture(uploads / "y" / "a.png", 2)
    with pytest.raises(InputError, match=r"two files called 'a\.png'"):
        uploaded_suite([file, one, other], [], home)
    (again := home.with_name("again")).mkdir()
    assert len(uploaded_suite([file, one, one], [], again).cases) == 1


@pytest.mark.parametrize("count", [0, 2])
def test_there_is_one_suite_no_more_and_no_less(home, uploads, count):
    files = [suite(uploads / f"{n}.json", "a.png") for n in range(count)]
    with pytest.raises(InputError, match="should be one suite file"):
        uploaded_suite([*files, picture(uploads / "a.png")], [], home)


def test_a_damaged_zip_is_a_sentence(home, uploads):
    (uploads / "bad.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match=r"'bad\.zip' cannot be unpacked"):
        uploaded_suite([uploads / "bad.zip"], [], home)


def test_a_zip_that_unpacks_to_more_than_is_allowed_is_not_unpacked(home, uploads):
    bomb = packed(uploads / "bomb.zip", {"a.png": bytes(2 * 2**20), "b.png": bytes(2 * 2**20)})
    with pytest.raises(InputError, match="more than 3 MiB, unpacked"):
        uploaded_suite([bomb], [], home, most=3 * 2**20)
    written = sum(p.stat().st_size for p in home.rglob("*") if p.is_file())
    assert written <= 3 * 2**20


def test_several_files_together_unpack_to_no_more_than_one_may(home, uploads):
    bombs = [packed(uploads / f"{n}.zip", {f"{n}.png": bytes(2 * 2**20)}) for n in range(4)]
    with pytest.raises(InputError, match="more than 3 MiB"):
        uploaded_suite(bombs, [], home, most=3 * 2**20)
    assert sum(p.stat().st_size for p in home.rglob("*") if p.is_file()) <= 3 * 2**20
