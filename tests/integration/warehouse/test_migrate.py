import threading

import pytest

from runtime.errors import MigrationError
from runtime.settings import ClickHouseSettings
from warehouse.client import Connection
from warehouse.migrate import migrate, pending, read_migrations

NAMES = [migration.name for migration in read_migrations()]


@pytest.fixture
def settings(empty):
    """A migrated database of its own: these tests change what is noted of the migrations."""
    migrate(empty)
    return empty


def test_an_empty_database_gets_all_migrations_in_order_and_then_none(empty):
    said = []
    assert pending(empty) == NAMES
    assert migrate(empty, said.append) == NAMES
    assert said == [f"applied {name}" for name in NAMES]
    assert pending(empty) == []
    assert migrate(empty) == []


def test_a_dry_run_changes_nothing(empty):
    said = []
    assert migrate(empty, said.append, dry_run=True) == NAMES
    assert said[0] == "would apply 0000_schema_migrations.sql"
    assert pending(empty) == NAMES


def test_a_database_that_is_absent_is_created(empty, stack):
    settings = empty.model_copy(update={"database": empty.database + "_new"})
    server = Connection(empty)
    try:
        assert migrate(settings) == NAMES
        engine = "SELECT engine FROM system.databases WHERE name = {name:String}"
        assert server.query(engine, {"name": settings.database}) == [("Atomic",)]
    finally:
        server.query(f"DROP DATABASE IF EXISTS {settings.database} SYNC")
        server.close()


def test_the_default_database_is_left_alone(stack):
    settings = ClickHouseSettings(host=stack.clickhouse_host, port=stack.clickhouse_port, database="default")
    with pytest.raises(MigrationError):
        migrate(settings)


def test_a_migration_that_stopped_half_way_goes_on(empty, connection):
    later = [name for name in NAMES if name >= "0020"]
    connection.query("ALTER TABLE schema_migrations DELETE WHERE name >= '0020' SETTINGS mutations_sync = 2")
    assert migrate(empty) == later


def test_a_changed_migration_refuses(settings, connection):
    connection.query(
        "ALTER TABLE schema_migrations UPDATE sha256 = '' WHERE name LIKE '0003%' SETTINGS mutations_sync = 2"
    )
    with pytest.raises(MigrationError, match=r"0003_sittings.* was changed"):
        migrate(settings)


def test_two_migrators_at_once_leave_one_schema(empty):
    failures = []

    def run():
        try:
            migrate(empty)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert pending(empty) == []


def test_every_column_and_table_says_what_it_holds(connection):
    silent = """
        SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''
        UNION ALL
        SELECT name, '' FROM system.tables WHERE database = currentDatabase() AND comment = ''
    """
    assert connection.query(silent) == []
