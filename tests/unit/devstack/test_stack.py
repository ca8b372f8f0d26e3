"""A stack that does not run."""

import pytest

from devstack import DevStack, StackPorts

PORTS = StackPorts(21_001, 21_002, 21_003, 21_004)


@pytest.fixture
def stack(tmp_path):
    return DevStack(tmp_path, PORTS)


def test_a_stack_knows_its_addresses(stack):
    assert stack.bootstrap == "127.0.0.1:21001"
    assert (stack.clickhouse_host, stack.clickhouse_port) == ("127.0.0.1", 21_003)
    assert stack.clickhouse_http_url == "http://127.0.0.1:21004/"


def test_a_stack_that_was_never_up_is_down(stack, tmp_path):
    stack.down()
    assert [(s.name, s.pid, s.running, s.crashed) for s in stack.status()] == [
        ("clickhouse", None, False, False),
        ("kafka", None, False, False),
    ]
    assert stack.kafka.status().log_path == tmp_path / "kafka.log"


def test_a_wipe_deletes_the_data_and_keeps_logs_and_jars(stack, tmp_path):
    for folder in ("kafka", "clickhouse", "jars"):
        (tmp_path / folder).mkdir()
    (tmp_path / "kafka.log").touch()
    stack.wipe()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jars", "kafka.log", "lock"]
