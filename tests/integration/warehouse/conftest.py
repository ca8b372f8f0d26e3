"""A migrated database of its own for each test of the warehouse."""

import pytest

from runtime.settings import ClickHouseSettings
from warehouse.client import Connection
from warehouse.migrate import migrate


@pytest.fixture
def empty(stack, database):
    """Settings of a database without tables."""
    return ClickHouseSettings(host=stack.clickhouse_host, port=stack.clickhouse_port, database=database)


@pytest.fixture
def settings(empty):
    """Settings of a database with all tables and views."""
    migrate(empty)
    return empty


@pytest.fixture
def connection(settings):
    connection = Connection(settings)
    yield connection
    connection.close()
