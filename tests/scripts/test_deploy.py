"""The deploy against a Hub on loopback, with the Hub's own client. What the folder needs to start is
checked elsewhere; here the checks only say that they were made."""

import subprocess
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from tests.support.hub import status
from tests.support.hub_writing import WritableHub

from deploy import Order, deploy, main, order_of
from refusal import Refused
from space_card import front_matter
from space_files import sources, wanted_files
from space_hardware import T4, ZERO

SPACE = "ada/vlmscope"
TOKEN = "hf_" + "a" * 34
FILES = {
    "LICENSE": "free",
    "space/app.py": "print('app')",
    "space/README.md": "---\nsdk_version: 6.31.0\n---\n",
    "space/requirements.txt": "torch==2.13.0\n",
    "space/whereabouts.py": 'ORIGINAL = "OWNER/NAME"\n',
    "space/history/list.js": "1",
    "component/gradio_comparisongrid/__init__.py": "",
    "component/gradio_comparisongrid/templates/component/index.js": "1",
    "backend/vlmscope/__init__.py": "",
    "backend/vlmscope/assets/base/model.safetensors": "weights",
    "backend/vlmscope/assets/checkpoints/a.safetensors": "weights",
    "backend/vlmscope/assets/examples/examples.json": "[]",
    "backend/vlmscope/assets/suites/held_out_100.json": "[]",
}
UPLOADED = {
    *("LICENSE", "README.md", "app.py", "requirements.txt", "whereabouts.py", "history/list.js"),
    "gradio_comparisongrid/__init__.py",
    "gradio_comparisongrid/templates/component/index.js",
    "vlmscope/__init__.py",
    "vlmscope/assets/base/model.safetensors",
    "vlmscope/assets/checkpoints/a.safetensors",
    "vlmscope/assets/examples/examples.json",
    "vlmscope/assets/suites/held_out_100.json",
}


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("deploy.get_token", lambda: None)
    with WritableHub() as server:
        server.writers[TOKEN] = "ada"
        yield server


@pytest.fixture
def checkout(tmp_path) -> Path:
    root = tmp_path / "checkout"
    for name, text in FILES.items():
        write(root / name, text)
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class Deployed:
    """A deploy as a person starts it, and what it said."""

    def __init__(self, hub: WritableHub, root: Path) -> None:
        self.hub, self.root, self.folder = hub, root, root / "build" / "space"
        self.said: list[str] = []
        self.asked_when_checked: list[int] = []

    def __call__(self, order: Order, token: str | None = TOKEN) -> None:
        def check(folder: Path, order: Order) -> list[str]:
            self.asked_when_checked.append(len(self.hub.requests))
            return [f"checked {order.space}"]

        api = HfApi(endpoint=self.hub.endpoint, token=token)
        deploy(
            order, api, folder=self.folder, root=self.root, checks=(check,), say=self.said.append
        )


@pytest.fixture
def start(hub, checkout) -> Deployed:
    return Deployed(hub, checkout)


# ---- the way to a Space


def test_a_new_space_is_private_and_holds_exactly_the_wanted_files_after_one_commit(start, hub):
    start(Order(SPACE, T4, {"BASE": "a/b", "HUB": "c/d e/f"}))
    assert set(hub.space(SPACE)) == UPLOADED
    assert hub.repos["space", SPACE].private
    assert len(hub.messages) == 1
    assert hub.running[SPACE].hardware == "t4-small"
    assert hub.running[SPACE].variables == {"BASE": "a/b", "HUB": "c/d e/f"}


def test_everything_local_comes_before_the_first_request(start):
    start(Order(SPACE))
    assert start.asked_when_checked == [0]


def test_the_files_come_after_hardware_and_variables(start, hub):
    hub.make(SPACE, TOKEN)
    start(Order(SPACE, T4, {"BASE": "a/b"}))
    writes = [line.split("/")[-1] for line in hub.asked(SPACE) if line.startswith("POST")]
    assert writes[:2] == ["hardware", "variables"]
    assert writes[-1] == "main"


def test_a_second_deploy_updates_in_one_commit_and_deletes_what_is_gone(start, hub, checkout):
    start(Order(SPACE))
    (checkout / "space" / "history" / "list.js").unlink()
    write(checkout / "space" / "app.py", "print('new')")
    start(Order(SPACE))
    assert len(hub.messages) == 2
    assert set(hub.space(SPACE)) == UPLOADED - {"history/list.js"}
    assert hub.space(SPACE)["app.py"] == b"print('new')"


def test_a_deploy_of_what_is_there_already_commits_nothing(start, hub):
    start(Order(SPACE))
    start(Order(SPACE))
    assert len(hub.messages) == 1


def test_weights_that_the_hub_stores_elsewhere_are_in_the_same_commit(start, hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub._commit_api.is_xet_available", lambda: False)
    hub.large = (".safetensors",)
    start(Order(SPACE))
    assert len(hub.messages) == 1
    assert hub.space(SPACE)["vlmscope/assets/base/model.safetensors"] == b"weights"
    assert set(hub.space(SPACE)) == UPLOADED


def test_an_upload_that_failed_is_made_good_by_the_next_deploy(start, hub):
    hub.faults["/commit/"] = status(500)
    with pytest.raises(Refused, match=f"could not upload to {SPACE}"):
        start(Order(SPACE, T4))
    assert hub.space(SPACE) == {}
    hub.faults.clear()
    start(Order(SPACE, T4))
    assert set(hub.space(SPACE)) == UPLOADED
    assert hub.repos["space", SPACE].private


def test_a_commit_of_someone_else_meanwhile_is_not_written_over(start, hub):
    start(Order(SPACE))

    def other(handler):
        hub.faults.clear()
        hub.put(SPACE, {"theirs": b"1"}, "space")
        return False

    hub.faults["/preupload/"] = other
    write(start.root / "space" / "app.py", "print('new')")
    with pytest.raises(Refused, match="changed by someone else meanwhile"):
        start(Order(SPACE))
    assert hub.space(SPACE) == {"theirs": b"1"}


def test_what_an_owner_set_stays_unless_it_is_given_anew(start, hub):
    start(Order(SPACE, T4, {"BASE": "a/b"}))
    hub.running[SPACE].variables["USERS"] = "1"
    start(Order(SPACE, None, {"BASE": "c/d"}))
    assert hub.running[SPACE].variables == {"BASE": "c/d", "USERS": "1"}
    assert hub.running[SPACE].hardware == "t4-small"


def test_a_dry_run_asks_the_hub_for_nothing_and_leaves_the_folder(start, hub):
    start(Order(SPACE, is_dry=True), token=None)
    assert hub.requests == []
    there = start.folder.rglob("*")
    assert {str(p.relative_to(start.folder)) for p in there if p.is_file()} == UPLOADED


def test_every_file_is_listed_with_its_size_before_the_upload(start):
    start(Order(SPACE, is_dry=True))
    text = "\n".join(start.said)
    for name in UPLOADED:
        size = (start.folder / name).stat().st_size
        assert f"{size:,} B  {name}\n" in text
    assert f"in {len(UPLOADED)} files" in text


def test_zerogpus_pytorch_is_in_the_requirements_of_a_space_on_zerogpu(start, hub):
    start(Order(SPACE, ZERO))
    assert hub.space(SPACE)["requirements.txt"] == b"torch==2.11.0\n"


def test_the_card_names_its_own_space(start, hub, checkout):
    write(checkout / "space" / "README.md", "---\nthumbnail: https://hub/OWNER/NAME/a.jpg\n---\n")
    start(Order(SPACE))
    card = hub.space(SPACE)["README.md"].decode()
    assert front_matter(card)["thumbnail"] == f"https://hub/{SPACE}/a.jpg"


def test_the_app_knows_which_space_is_the_original(start, hub):
    start(Order(SPACE))
    assert hub.space(SPACE)["whereabouts.py"].decode() == f'ORIGINAL = "{SPACE}"\n'


# ---- what never leaves


PLANTED = (
    ".env",
    "token",
    ".hf_token",
    ".git/config",
    "__pycache__/app.py",
    "notes.txt",
    "a.ipynb",
)


@pytest.mark.parametrize("planted", PLANTED)
def test_nothing_outside_the_list_leaves(start, hub, checkout, planted):
    folders = [source.folder for source in sources(checkout)]
    deeper = ("space/history", "backend/vlmscope/assets/base", "backend/vlmscope/assets/examples")
    for folder in (*folders, *(checkout / name for name in deeper), start.folder):
        write(folder / planted, "secret")
    start(Order(SPACE))
    assert set(hub.space(SPACE)) == UPLOADED
    there = start.folder.rglob("*")
    assert {str(p.relative_to(start.folder)) for p in there if p.is_file()} == UPLOADED


def test_a_link_where_a_file_is_wanted_ends_the_deploy(start, hub, checkout, tmp_path):
    write(tmp_path / "elsewhere", "secret")
    (checkout / "space" / "more.py").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match=r"space/more.py is a link"):
        start(Order(SPACE))
    assert hub.requests == []


def test_a_folder_that_is_a_link_is_not_entered(start, hub, checkout, tmp_path):
    write(tmp_path / "elsewhere" / "more.py", "secret")
    (checkout / "space" / "linked").symlink_to(tmp_path / "elsewhere")
    start(Order(SPACE))
    assert set(hub.space(SPACE)) == UPLOADED


def test_a_link_in_place_of_the_built_folder_is_not_emptied(start, checkout, tmp_path):
    write(tmp_path / "elsewhere" / "precious", "mine")
    start.folder.parent.mkdir()
    start.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="is a link"):
        start(Order(SPACE))
    assert (tmp_path / "elsewhere" / "precious").exists()


def test_a_file_that_holds_a_token_ends_the_deploy_without_saying_it(start, hub, checkout):
    write(checkout / "space" / "app.py", f"login('{TOKEN}')")
    with pytest.raises(Refused, match=r"app.py: holds what looks like a token") as said:
        start(Order(SPACE))
    assert TOKEN not in str(said.value)
    assert hub.requests == []


def test_a_file_that_git_does_not_know_ends_the_deploy(start, hub, checkout):
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    subprocess.run(["git", "add", "."], cwd=checkout, check=True)
    write(checkout / "space" / "scratch.py", "")
    with pytest.raises(Refused, match=r"space/scratch.py: not in git"):
        start(Order(SPACE))
    assert hub.requests == []


def test_a_file_that_was_changed_since_the_last_commit_is_marked_in_the_list(start, checkout):
    as_somebody = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*as_somebody, "init", "-q"], cwd=checkout, check=True)
    subprocess.run([*as_somebody, "add", "."], cwd=checkout, check=True)
    subprocess.run([*as_somebody, "commit", "-qm", "all"], cwd=checkout, check=True)
    write(checkout / "space" / "app.py", "print('changed')")
    start(Order(SPACE, is_dry=True))
    marked = [line for line in start.said if "changed since the last commit" in line]
    assert [line.split()[2] for line in marked] == ["app.py"]


def test_every_file_that_git_has_in_the_packages_and_the_app_is_part_of_the_space():
    files = wanted_files()
    folders = [str(source.folder) for source in sources()]
    answer = subprocess.run(
        ["git", "ls-files", "--full-name", "-z", *folders],
        capture_output=True,
        text=True,
        cwd=folders[0],
    )
    if answer.returncode:
        pytest.skip("this is no checkout of git")
    root = Path(folders[0]).parent
    assert set(answer.stdout.split("\0")[:-1]) <= {
        str(path.relative_to(root)) for path in files.values()
    }


# ---- refusals, each a sentence


@pytest.mark.parametrize("name", ["", "vlmscope", "a/b/c", "../b", "a b/c", "a/b.git", "a/.."])
def test_a_name_that_is_no_space_is_refused(name):
    with pytest.raises(Refused, match="SPACE="):
        order_of({"SPACE": name})


def test_at_the_terminal_a_refusal_is_one_line(monkeypatch):
    monkeypatch.setenv("SPACE", "nonsense")
    with pytest.raises(SystemExit) as ended:
        main()
    assert (
        ended.value.code
        == "[deploy] SPACE=nonsense is no name of a Space; give one such as owner/name."
    )


def test_unknown_hardware_is_refused_with_what_there_is():
    with pytest.raises(Refused, match=r"HARDWARE=h100 .* t4-small, zero-a10g or cpu-basic"):
        order_of({"SPACE": SPACE, "HARDWARE": "h100"})


def test_an_order_is_read_as_make_gives_it():
    variables = "BASE=a/b HUB='c/d e/f'"
    order = order_of({"SPACE": SPACE, "HARDWARE": "t4-small", "VARIABLES": variables})
    assert order == Order(SPACE, T4, {"BASE": "a/b", "HUB": "c/d e/f"}, False)
    assert order_of({"SPACE": SPACE, "DRY_RUN": "1"}).is_dry
    with pytest.raises(Refused, match="DRY_RUN=maybe"):
        order_of({"SPACE": SPACE, "DRY_RUN": "maybe"})


@pytest.mark.parametrize("text", ["BASE", "=3", "HUB=a b", "HUB='a"])
def test_variables_that_cannot_be_read_are_refused(text):
    with pytest.raises(Refused, match="VARIABLES"):
        order_of({"SPACE": SPACE, "VARIABLES": text})


def test_without_a_token_nothing_is_begun(start, hub):
    with pytest.raises(Refused, match=r"no token .*hf auth login"):
        start(Order(SPACE), token=None)
    assert hub.requests == []
    assert not start.folder.exists()


def test_a_token_that_the_hub_does_not_know_is_rejected(start, hub):
    with pytest.raises(Refused, match="token was rejected; log in again"):
        start(Order(SPACE), token="hf_" + "b" * 34)
    assert not hub.repos


def test_someone_who_may_not_write_there_leaves_no_trace(start, hub):
    hub.readers["hf_bob"] = "bob"
    with pytest.raises(Refused, match=f"may not create {SPACE}"):
        start(Order(SPACE), token="hf_bob")
    assert not hub.repos


def test_a_public_space_is_left_alone(start, hub):
    hub.make(SPACE, None, private=False)
    with pytest.raises(Refused, match=f"{SPACE} is public"):
        start(Order(SPACE, T4, {"BASE": "a/b"}))
    assert hub.space(SPACE) == {}
    assert hub.running[SPACE].variables == {}


def test_a_space_that_the_hub_does_not_make_private_gets_nothing(start, hub, monkeypatch):
    make = hub.make
    monkeypatch.setattr(hub, "make", lambda name, token, private: make(name, None, False))
    with pytest.raises(Refused, match=f"{SPACE} is public"):
        start(Order(SPACE))
    assert hub.space(SPACE) == {}


def test_anothers_private_space_of_that_name_is_a_sentence(start, hub):
    hub.make(SPACE, "hf_other")
    with pytest.raises(Refused, match="there already, and the token may not see it"):
        start(Order(SPACE))
    assert hub.space(SPACE) == {}


def test_a_folder_built_for_a_t4_does_not_reach_a_space_on_zerogpu(start, hub):
    hub.make(SPACE, TOKEN)
    hub.running[SPACE].hardware = "zero-a10g"
    with pytest.raises(Refused, match="give HARDWARE=zero-a10g"):
        start(Order(SPACE))
    assert hub.space(SPACE) == {}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (402, "asks for payment to give t4-small"),
        (403, "may not give t4-small"),
        (500, "answered 500"),
    ],
)
def test_hardware_that_is_refused_ends_it_before_the_upload(start, hub, code, sentence):
    hub.make(SPACE, TOKEN)
    hub.faults["/hardware"] = status(code)
    with pytest.raises(Refused, match=sentence):
        start(Order(SPACE, T4, {"BASE": "a/b"}))
    assert hub.space(SPACE) == {}
    assert hub.running[SPACE].variables == {}


def test_a_hub_that_is_down_is_a_sentence(start, hub):
    hub.is_down = True
    with pytest.raises(Refused, match="could not be reached"):
        start(Order(SPACE))


def test_what_is_missing_in_the_checkout_is_said_before_anything_else(start, hub, checkout):
    (checkout / "backend/vlmscope/assets/base/model.safetensors").unlink()
    with pytest.raises(Refused, match=r"model.safetensors is not there"):
        start(Order(SPACE))
    assert hub.requests == []
