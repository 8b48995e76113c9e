import re

from constraints import CONSTRAINTS, pins


def test_every_line_of_the_constraints_pins_one_version_without_extras():
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) > 50
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line), line


def test_pins_drop_local_versions_editables_and_what_torch_brings_for_cuda():
    freeze = (
        "torch==2.13.0+cpu\n"
        "-e git+https://example.org/x#egg=vlmscope\n"
        "vlmscope @ file:///somewhere\n"
        "nvidia-cublas-cu12==12.1\n"
        "triton==3.7.1\n"
        "Authlib==1.9.9\n"
    )
    assert pins(freeze, "") == ["Authlib==1.9.9", "torch==2.13.0"]


def test_pins_keep_what_only_another_python_needs():
    assert pins("zipp==1.0\n", "audioop-lts==0.2.2\nold==1.0\n") == [
        "audioop-lts==0.2.2",
        "zipp==1.0",
    ]
