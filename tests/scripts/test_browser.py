from pathlib import Path

import pytest

import browser

NO_PYTHON = Path("/bin/false")


def test_a_browser_named_by_the_variable_comes_first(tmp_path, monkeypatch):
    chrome = tmp_path / "my-chrome"
    chrome.touch()
    monkeypatch.setenv(browser.VARIABLE, str(chrome))
    assert browser.find(NO_PYTHON) == chrome


def test_a_variable_that_names_nothing_is_said(monkeypatch):
    monkeypatch.setenv(browser.VARIABLE, "/nowhere/chrome")
    with pytest.raises(browser.NoBrowser, match="VLMSCOPE_BROWSER=/nowhere/chrome is no file"):
        browser.find(NO_PYTHON)


def test_without_a_browser_it_fails_and_says_what_to_install(monkeypatch):
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setattr(browser, "find", lambda python: None)
    monkeypatch.setattr(browser, "_ways_to_get", lambda python: [["false"]])
    with pytest.raises(browser.NoBrowser, match="apt-get install chromium"):
        browser.find_or_get(NO_PYTHON)
