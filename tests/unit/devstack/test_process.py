"""A process and its pid file: only what was started here is ever signalled."""

import json
import os
import signal
import subprocess

import pytest

from devstack.errors import DevStackError
from devstack.process import Process, sight, wait_until

SLEEP = ["sleep", "60"]
DEAF = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]


@pytest.fixture
def process(tmp_path):
    process = Process("sleeper", tmp_path)
    yield process
    process.kill()


@pytest.fixture
def stranger():
    with subprocess.Popen(SLEEP) as stranger:
        yield stranger
        stranger.kill()


def test_a_process_is_started_found_and_stopped(process, tmp_path):
    assert (process.pid, process.crashed) == (None, False)
    pid = process.spawn(SLEEP, address="here:1", ports={})
    assert process.pid == pid
    assert Process("sleeper", tmp_path).pid == pid
    assert process.record.address == "here:1"
    process.stop()
    assert (process.pid, process.crashed, process.record) == (None, False, None)
    assert sight(pid) is None
    process.stop()


def test_a_second_start_is_refused(process):
    process.spawn(SLEEP, address="", ports={})
    with pytest.raises(DevStackError, match="running already"):
        process.spawn(SLEEP, address="", ports={})


def test_a_stranger_who_got_the_pid_is_never_signalled(process, stranger):
    somebody_else = sight(os.getpid()).birth
    assert somebody_else != sight(stranger.pid).birth
    process.pid_path.write_text(
        json.dumps({"pid": stranger.pid, "birth": somebody_else, "address": "", "ports": {}})
    )
    assert (process.pid, process.crashed) == (None, True)
    assert not process.send(signal.SIGTERM)
    process.kill()
    process.stop()
    assert stranger.poll() is None


@pytest.mark.parametrize("text", ["", "17", "{}", '{"pid": "x"}', '{"pid": 1, "birth": 2'])
def test_a_damaged_pid_file_points_to_nobody(process, text):
    process.pid_path.write_text(text)
    assert (process.pid, process.crashed) == (None, False)
    process.stop()


def test_a_process_that_ignores_the_polite_signal_is_killed(process):
    pid = process.spawn(DEAF, address="", ports={})
    assert wait_until(lambda: "deaf" in process.log_tail(), timeout_s=30)
    process.stop(grace_s=0.1)
    assert sight(pid) is None


def test_a_paused_process_can_be_stopped(process):
    process.spawn(SLEEP, address="", ports={})
    process.send(signal.SIGSTOP)
    assert wait_until(lambda: process.suspended, timeout_s=30)
    process.stop()
    assert process.pid is None


def test_a_death_is_noticed(process):
    pid = process.spawn(SLEEP, address="", ports={})
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: process.crashed, timeout_s=30)
    assert process.pid is None


def test_a_process_that_dies_at_once_has_crashed(process):
    process.spawn(["false"], address="", ports={})
    assert wait_until(lambda: process.crashed, timeout_s=30)


def test_the_end_of_the_log_can_be_shown(process):
    assert process.log_tail() == ""
    process.spawn(["sh", "-c", "echo one; echo two >&2; echo three"], address="", ports={})
    assert wait_until(lambda: process.crashed, timeout_s=30)
    assert process.log_tail(lines=2) == "two\nthree"
