import pytest


@pytest.mark.parametrize(
    "command",
    [["settings"], ["up"], ["worker"], ["migrate"], ["simulate", "--events", "1"], ["report", "binge"]],
)
def test_an_unknown_setting_refuses_to_start_and_is_named(program, command):
    said = program(*command, code=2, CLIFFHANGER_KAFKA__BOOTSTAP="127.0.0.1:1")
    assert said.err.startswith("cliffhanger: unknown setting CLIFFHANGER_KAFKA__BOOTSTAP")
    assert len(said.err.splitlines()) == 1


def test_a_wrong_setting_refuses_to_start_and_is_named(program):
    said = program("worker", code=2, CLIFFHANGER_CLICKHOUSE__PORT="ninety")
    assert said.err.startswith("cliffhanger: CLIFFHANGER_CLICKHOUSE__PORT: ")
    assert len(said.err.splitlines()) == 1


def test_a_wrong_name_of_a_worker_is_a_wrong_setting(program):
    said = program("worker", "--name", "a b", code=2)
    assert "CLIFFHANGER_WORKER__NAME" in said.err


def test_a_password_is_never_printed(program):
    secret = {"CLIFFHANGER_CLICKHOUSE__PASSWORD": "hush-hush"}
    said = program("settings", **secret)
    assert "CLIFFHANGER_CLICKHOUSE__PASSWORD=***" in said.out
    assert "hush-hush" not in said.out + said.err
    assert "hush-hush" not in program("migrate", "--wait", "1", code=1, **secret).err


def test_the_development_stack_is_of_this_machine_only(program):
    said = program("up", code=2, CLIFFHANGER_KAFKA__BOOTSTRAP="kafka.example.com:9092")
    assert "CLIFFHANGER_KAFKA__BOOTSTRAP is kafka.example.com:9092" in said.err
