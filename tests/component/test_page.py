"""The page of a comparison: whole, alone, and closed to what a model may answer."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gradio_comparisongrid import Cell, Comparison, InvalidComparison, page


@pytest.fixture(autouse=True)
def built(tmp_path_factory, monkeypatch) -> Path:
    """A small frontend in place of the built one."""
    folder = tmp_path_factory.mktemp("standalone")
    (folder / "standalone.js").write_text("(() => {})();")
    (folder / "standalone.css").write_text("main { color: teal }")
    monkeypatch.setattr(page, "BUILT", folder)
    return folder


class Parts(HTMLParser):
    """The text of each element of a page that has one, by its id or its tag, and all attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.tags: list[str] = []
        self._at = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self._at = found.get("id") or tag
        self.tags.append(tag)
        self.attributes[self._at] = found

    def handle_data(self, data):
        self.texts[self._at] = self.texts.get(self._at, "") + data


def test_the_page_holds_the_document_that_save_writes(value, tmp_path):
    saved = json.loads(value.save(tmp_path / "run.json").read_text())
    assert json.loads(Parts(value.to_html()).texts["comparison-grid-value"]) == saved


def test_the_page_has_the_style_the_place_and_the_code_in_this_order(value):
    parts = Parts(value.to_html())
    head = ["head", "meta", "meta", "meta", "title", "style"]
    assert parts.tags == ["html", *head, "body", "div", "script", "script"]
    assert parts.texts["comparison-grid-style"] == "main { color: teal }"
    assert parts.texts["comparison-grid-code"] == "(() => {})();"
    assert "comparison-grid" in parts.attributes


def test_the_page_may_reach_nothing_outside_itself(value):
    policy = Parts(value.to_html()).attributes["meta"]["content"]
    assert policy == (
        "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
    )


@pytest.mark.parametrize(
    "answer",
    ["</script><script>alert(1)</script>", "<!-- <script>", "&lt;/script&gt;", "a\u2028b\u2029c"],
)
def test_no_answer_can_leave_its_place(answer):
    value = Comparison(query=answer, cells=[Cell("a", answer=answer)])
    parts = Parts(value.to_html())
    assert parts.tags.count("script") == 2
    assert parts.texts["title"] == answer
    told = parts.texts["comparison-grid-value"]
    assert not set(told) & set("<>&\u2028\u2029")
    assert json.loads(told)["cells"][0]["answer"] == answer


def test_a_page_is_called_by_its_question(value):
    assert Parts(value.to_html()).texts["title"] == "What colour is the star?"
    assert Parts(Comparison().to_html()).texts["title"] == "Comparison"


def test_with_a_path_the_page_is_written_and_the_path_given_back(value, tmp_path):
    path = value.to_html(tmp_path / "run.html")
    assert path == tmp_path / "run.html"
    assert path.read_text(encoding="utf-8") == value.to_html()
    with pytest.raises(OSError, match="is a folder"):
        value.to_html(tmp_path)


def test_a_notebook_shows_the_page_in_a_frame_that_can_reach_nothing(value):
    value.query = 'Is it "red" & round?'
    frame = Parts(value._repr_html_())
    assert frame.tags == ["iframe"]
    shown = frame.attributes["iframe"]
    assert shown["srcdoc"] == value.to_html()
    assert shown["sandbox"] == "allow-scripts allow-downloads"
    assert shown["title"] == value.query


def test_without_the_built_frontend_the_error_says_how_to_build_it(value, built):
    (built / "standalone.css").unlink()
    with pytest.raises(RuntimeError, match=r"standalone\.css is missing: run `npm run build`"):
        value.to_html()


def test_a_page_without_its_image_is_not_made(photo, tmp_path):
    photo.save(tmp_path / "gone.png")
    value = Comparison(image=tmp_path / "gone.png")
    (tmp_path / "gone.png").unlink()
    with pytest.raises(
        InvalidComparison, match=r"The image of the comparison is '.*', which cannot"
    ):
        value.to_html(tmp_path / "run.html")
    assert not (tmp_path / "run.html").exists()
