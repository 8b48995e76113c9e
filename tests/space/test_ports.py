"""The app finds a free port, also when another process takes it first."""

import errno
import socket

import gradio
import pytest

from ports import first_free, listen


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_taken_port_gives_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < first_free("127.0.0.1", port) < port + 100


def test_a_free_port_is_taken_as_it_is():
    port = _free_port()
    assert first_free("127.0.0.1", port) == port


def test_a_host_that_is_not_here_is_said_at_once():
    for host in ("192.0.2.1", "no such host"):
        with pytest.raises(OSError, match=f"HOST={host} is no address of this machine"):
            first_free(host, 7860)


def test_a_port_that_this_user_may_not_have_is_said_at_once(monkeypatch):
    def refuse(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(OSError, match="PORT=80 is not allowed to this user"):
        first_free("127.0.0.1", 80)


def test_a_port_taken_in_between_is_passed_over_too():
    others, tried = [], []

    def start(port):
        tried.append(port)
        if len(tried) == 1:
            others.append(socket.create_server(("127.0.0.1", port)))
        with gradio.Blocks() as page:
            pass
        page.launch(server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True)
        page.close()

    wanted = _free_port()
    try:
        port = listen("127.0.0.1", wanted, start)
    finally:
        for other in others:
            other.close()
    assert tried[0] < port == tried[-1]


def test_a_failure_that_is_not_the_ports_is_raised():
    wanted = _free_port()

    def start(port):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        listen("127.0.0.1", wanted, start)
