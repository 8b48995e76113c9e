import stamps


def test_the_fingerprint_changes_with_a_files_bytes_and_its_name(tmp_path):
    source = tmp_path / "src"
    source.mkdir()
    file = source / "a.ts"
    file.write_text("one")
    first = stamps.fingerprint([source])
    file.write_text("two")
    second = stamps.fingerprint([source])
    file.rename(source / "b.ts")
    third = stamps.fingerprint([source])
    assert len({first, second, third}) == 3


def test_what_is_built_does_not_count_as_a_source(tmp_path):
    (tmp_path / "a.ts").write_text("one")
    before = stamps.fingerprint([tmp_path])
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "b.js").write_text("other")
    assert stamps.fingerprint([tmp_path]) == before


def test_a_step_is_done_only_for_the_inputs_it_ran_on(tmp_path, monkeypatch):
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "stamps")
    assert not stamps.is_done("npm", "abc")
    stamps.done("npm", "abc")
    assert stamps.is_done("npm", "abc")
    assert not stamps.is_done("npm", "abd")


def test_what_another_python_did_is_not_done(tmp_path, monkeypatch):
    before = stamps.fingerprint([tmp_path])
    monkeypatch.setattr(stamps, "PYTHON", "3.99")
    assert stamps.fingerprint([tmp_path]) != before
