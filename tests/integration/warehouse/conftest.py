"""A migrated database for the tests of the warehouse: one for all, and each test finds its tables empty."""

import uuid

import pytest

from runtime.settings import ClickHouseSettings
from schemas.tables import (
    EPISODE_MINUTES,
    EXIT_CURVES,
    PAYWALL_MINUTES,
    SITTINGS,
    UNLOCK_MINUTES,
    VIEWER_DAYS,
)
from tests.contracts.warehouse import a_checkpoint, a_row
from warehouse.client import Connection
from warehouse.migrate import migrate
from warehouse.reader import Reader
from warehouse.writer import Writer

WITH_ROWS = """
    SELECT name FROM system.tables
    WHERE database = currentDatabase() AND total_rows > 0 AND name != 'schema_migrations'
"""


@pytest.fixture
def empty(stack, database):
    """Settings of a database without tables."""
    return ClickHouseSettings(host=stack.clickhouse_host, port=stack.clickhouse_port, database=database)


@pytest.fixture(scope="session")
def migrated(stack):
    """Settings of a database with all tables and views. It takes sixty statements, so it is made once."""
    settings = ClickHouseSettings(
        host=stack.clickhouse_host, port=stack.clickhouse_port, database=f"test_{uuid.uuid4().hex}"
    )
    migrate(settings)
    return settings


@pytest.fixture
def settings(migrated):
    """The same, with no row in any table, whatever the tests before have left."""
    connection = Connection(migrated)
    for (table,) in connection.query(WITH_ROWS):
        connection.query(f"TRUNCATE TABLE {table} SYNC")
    connection.close()
    return migrated


@pytest.fixture
def connection(settings):
    connection = Connection(settings)
    yield connection
    connection.close()


@pytest.fixture
def reader(settings):
    reader = Reader(settings)
    yield reader
    reader.close()


def play(**values):
    return a_row(EPISODE_MINUTES, **values)


@pytest.fixture
def full(settings, reader):
    """A reader of a small platform of two series, written in two versions."""
    writer = Writer(settings)
    for version in (1, 2):
        of = {"version": version}
        writer.write_rows(
            EPISODE_MINUTES,
            [
                play(series_id="a", episode_no=1, starts=8, completes=4, continued_auto=3, **of),
                play(series_id="a", episode_no=2, platform="tv", starts=2, valid_plays=1, **of),
                play(series_id="o'b\\", episode_no=1, starts=5, **of),
                play(series_id="a", episode_no=3, previews=1, **of),
            ],
        )  # fmt: skip
        writer.write_rows(
            EXIT_CURVES,
            [
                a_row(EXIT_CURVES, series_id="a", episode_no=1, platform=platform, plays_by_bin=bins, **of)
                for platform, bins in {"ios": {0: 2, 2: 1}, "tv": {1: 1}}.items()
            ],
        )
        writer.write_rows(
            SITTINGS,
            [
                a_row(SITTINGS, series_id="a", sittings=2, depth={1: 1, 5: 1}, run={1: 2}, **of),
                a_row(SITTINGS, series_id="o'b\\", sittings=1, depth={12: 1}, run={4: 1}, **of),
            ],
        )
        writer.write_rows(
            PAYWALL_MINUTES,
            [
                a_row(PAYWALL_MINUTES, series_id="a", episode_no=9, paywall_no=1, trigger=trigger,
                      impressions=4, converted_30m=1, converted_24h=2, conversions_ad=2,
                      revenue_usd_micros=5, **of)
                for trigger in ("auto_next", "list_tap")
            ],
        )  # fmt: skip
        writer.write_rows(UNLOCK_MINUTES, [a_row(UNLOCK_MINUTES, unlocks=3, **of)])
        writer.write_rows(VIEWER_DAYS, [a_row(VIEWER_DAYS, active=6, **of)])
    writer.write_checkpoint(a_checkpoint(watermark_ms=1_763_700_000_000))
    writer.write_checkpoint(a_checkpoint(partition=4, watermark_ms=1_763_690_000_000))
    writer.close()
    return reader


@pytest.fixture
def writer(settings):
    writer = Writer(settings)
    yield writer
    writer.close()


@pytest.fixture
def read(connection):
    """What a view says in some columns: the row if it is one, else all rows."""

    def read(view, *columns, where="1"):
        rows = connection.query(f"SELECT {', '.join(columns)} FROM {view} WHERE {where} ORDER BY ALL")
        return rows[0] if len(rows) == 1 else rows

    return read
