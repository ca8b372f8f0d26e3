"""A service under supervision: what is said when it does not come up."""

import threading

import pytest

from devstack import service as service_module
from devstack.errors import DevStackError, PortTakenError
from devstack.service import Service


class ScriptProgram:
    """A program that is a line of shell and answers when a flag is set."""

    name = "script"
    address = "here:1"

    def __init__(self, script="sleep 60", *, ports=None):
        self.script = script
        self.ports = ports or {}
        self.ready = threading.Event()

    def prepare(self):
        return ["sh", "-c", self.script]

    def answers(self):
        return self.ready.is_set()


@pytest.fixture
def run(tmp_path):
    started = []

    def run(program):
        service = Service(program, tmp_path)
        started.append(service)
        return service

    yield run
    for service in started:
        service.stop()


def test_a_start_waits_for_an_answer(run):
    program = ScriptProgram()
    program.ready.set()
    service = run(program)
    service.start(timeout_s=5)
    status = service.status()
    assert (status.name, status.pid, status.running, status.crashed) == ("script", service.pid, True, False)
    assert service.launch() is False


def test_a_program_that_ends_while_starting_shows_its_last_words(run):
    with pytest.raises(DevStackError, match=r"script ended while starting(.|\n)*no space left"):
        run(ScriptProgram("echo no space left; exit 3")).start(timeout_s=5)


def test_a_program_that_does_not_answer_shows_its_log(run):
    service = run(ScriptProgram("echo still loading; sleep 60"))
    with pytest.raises(DevStackError, match="does not answer"):
        service.start(timeout_s=0.2)


def test_a_port_of_another_program_is_named_with_its_setting(run, monkeypatch):
    monkeypatch.setattr(service_module, "is_free", lambda port: port != 19092)
    service = run(ScriptProgram(ports={"kafka_controller": 19093, "kafka": 19092}))
    with pytest.raises(PortTakenError, match=r"port 19092, which script needs.*kafka=") as caught:
        service.launch()
    assert (caught.value.port, caught.value.setting) == (19092, "kafka")
    assert service.pid is None


def test_a_running_service_is_not_moved_to_other_ports(run, monkeypatch):
    monkeypatch.setattr(service_module, "is_free", lambda port: True)
    run(ScriptProgram(ports={"kafka": 19092})).launch()
    with pytest.raises(DevStackError, match="runs already, with kafka=19092 and not with kafka=19096"):
        run(ScriptProgram(ports={"kafka": 19096})).launch()


def test_a_killed_service_has_died_and_a_stopped_one_has_not(run):
    service = run(ScriptProgram())
    service.launch()
    service.check_alive()
    service.kill()
    assert service.status().crashed
    with pytest.raises(DevStackError, match="script has died"):
        service.check_alive()
    service.stop()
    service.check_alive()


def test_a_paused_service_goes_on_after_a_launch(run):
    service = run(ScriptProgram())
    service.launch()
    service.pause()
    assert service_module.wait_until(lambda: service.process.suspended, timeout_s=5)
    assert service.launch() is False
    assert service_module.wait_until(lambda: not service.process.suspended, timeout_s=5)
