"""The stack that all integration tests share, and a database of its own for each test."""

import uuid
from pathlib import Path

import pytest
from clickhouse_driver import Client

from devstack import DevStack, free_ports

JARS = Path(__file__).parents[2] / ".devstack" / "jars"


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """A running Kafka and ClickHouse with fresh data, on ports of their own."""
    stack = DevStack(tmp_path_factory.mktemp("devstack"), free_ports(), jars=JARS)
    stack.up()
    yield stack
    stack.down()


@pytest.fixture
def database(stack):
    """The name of an empty database that goes away after the test."""
    name = f"test_{uuid.uuid4().hex}"
    execute(stack, f"CREATE DATABASE {name} ENGINE = Atomic")
    yield name
    if not all(status.running for status in stack.status()):
        stack.up()  # the test has killed something
    execute(stack, f"DROP DATABASE {name} SYNC")


def execute(stack, sql):
    with Client(stack.clickhouse_host, port=stack.clickhouse_port) as client:
        client.execute(sql)
