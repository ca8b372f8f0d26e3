"""Clients of the development ClickHouse, over the native protocol."""

import pytest
from clickhouse_driver import Client


@pytest.fixture(params=[False, True], ids=["plain", "compressed"])
def client(request, stack, database):
    with Client(
        stack.clickhouse_host, port=stack.clickhouse_port, database=database, compression=request.param
    ) as client:
        yield client


@pytest.fixture
def plain_client(stack, database):
    with Client(stack.clickhouse_host, port=stack.clickhouse_port, database=database) as client:
        yield client
