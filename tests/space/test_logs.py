"""Secrets reach neither a log nor the terminal, wherever they come from."""

import logging
import subprocess
import sys

import pytest

from logs import hider, record_factory

TOKEN = "hf_" + "aB3" * 11 + "x"
PASSWORD = "of my own choice, 7!"
ENVIRONMENT = {"HF_TOKEN": TOKEN, "WANDB_API_KEY": PASSWORD, "PORT": "12345678"}


@pytest.fixture
def hide():
    return hider(ENVIRONMENT)


def test_the_values_of_secret_variables_are_masked_and_others_are_not(hide):
    assert PASSWORD not in hide(f"wandb says {PASSWORD}, at port 12345678")
    assert "12345678" in hide("at port 12345678")


def test_a_log_record_has_no_secret_in_message_nor_trace(hide, capsys):
    def fail(key: str) -> None:
        raise ValueError(f"https://me:{key}@host refused")

    logger, handler = logging.getLogger("vlmscope.test"), logging.StreamHandler(sys.stderr)
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(record_factory(hide))
    logger.addHandler(handler)
    try:
        try:
            fail(2 * "hush")
        except ValueError:
            logger.exception("with %s and %r", TOKEN, {"authorization": f"Bearer {PASSWORD}"})
    finally:
        logger.removeHandler(handler)
        logging.setLogRecordFactory(before)
    said = capsys.readouterr().err
    assert "Traceback" in said
    for secret in (TOKEN, PASSWORD, 2 * "hush"):
        assert secret not in said


PROGRAM = """
import logging, sys, threading, traceback, warnings
from logs import start_logging
start_logging()
token = {token!r}
print("printed", token)
sys.stderr.writelines(["written ", token])
logging.getLogger("anybody").warning("logged %s", token)
warnings.warn("warned " + token)
try:
    raise RuntimeError("caught " + token)
except RuntimeError:
    traceback.print_exc()
def fail():
    raise RuntimeError("threaded " + token)
thread = threading.Thread(target=fail)
thread.start(); thread.join()
raise RuntimeError("raised " + token)
"""


def test_a_process_says_none_of_it_in_any_of_its_ways():
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(token=TOKEN)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
        timeout=120,
    )
    said = ended.stdout + ended.stderr
    for how in ("printed", "written", "logged", "warned", "caught", "threaded", "raised"):
        assert f"{how} ***" in said, said
    assert TOKEN not in said
