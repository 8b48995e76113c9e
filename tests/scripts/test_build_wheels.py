import zipfile

from build_wheels import NEEDED, missing


def test_a_wheel_without_the_base_a_checkpoint_or_the_examples_is_not_done(tmp_path):
    wheel = tmp_path / "vlmscope.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("vlmscope/__init__.py", "")
        archive.writestr("vlmscope/assets/checkpoints/late.safetensors", "")
    assert missing(wheel, NEEDED["vlmscope"]) == [
        "vlmscope/assets/base/model.safetensors",
        "vlmscope/assets/examples/examples.json",
        "vlmscope/assets/suites/held_out_100.json",
    ]
