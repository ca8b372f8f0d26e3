"""Two logic epochs on the real engine: which rows count, by the views, by SQL and by the plain rule."""

import random

import pytest

from schemas.tables import COUNTER_TABLES, EPISODE_MINUTES
from tests.contracts.warehouse import a_checkpoint, a_row, an_epoch
from tests.model.warehouse import counts
from tests.support.pipeline import BASE_VIEWS
from warehouse.client import Connection
from warehouse.epochs import EpochKind
from warehouse.migrate import migrate, read_migrations
from warehouse.writer import Writer

FIRST = {"kind": EpochKind.FIRST, "begins_at": 0, "from_logic_epoch": 1, "from_offset": 0, "shown_from": 0}


def version(epoch, offset):
    return epoch << 48 | offset


def of(epoch, generation, value, table=EPISODE_MINUTES, **values):
    """A row of an epoch with something in it that the view shows."""
    counters = dict.fromkeys(table.counters, value)
    histograms = {name: {1: value} for name in table.histograms}
    lineage = {"generation": generation, "version": version(epoch, 500 + generation)}
    return a_row(table, partition=3, **lineage, **counters, **histograms, **values)


def shown(connection, table):
    column = (table.counters + tuple(f"arraySum(mapValues({name}))" for name in table.histograms))[0]
    return connection.query(f"SELECT sum({column}) FROM {BASE_VIEWS[table.name]}")[0][0]


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_an_epoch_counts_up_to_the_generation_at_which_the_next_begins(writer, connection, table):
    writer.write_rows(table, [of(1, 0, 1, table), of(1, 40, 10, table), of(1, 60, 100, table)])
    assert shown(connection, table) == 111
    writer.note_epochs([an_epoch(1, reached=True, **FIRST), an_epoch(2)])
    writer.write_rows(table, [of(2, 40, 1_000, table), of(2, 70, 10_000, table)])
    assert shown(connection, table) == 111, "it counts before it has come as far"
    writer.note_epochs([an_epoch(2, reached=True)])
    assert shown(connection, table) == 11_001
    writer.write_rows(table, [of(1, 80, 7, table)])  # somebody of the old epoch goes on
    assert shown(connection, table) == 11_001


def test_partitions_that_are_recounted_are_shown_all_at_once(writer, connection):
    recounted = {"kind": EpochKind.RECOUNTED, "begins_at": 0, "from_offset": 0}
    at = EPISODE_MINUTES.columns.index("partition")
    old = [(*row[:at], partition, *row[at + 1 :]) for row in [of(1, 40, 1)] for partition in (3, 4)]
    writer.write_rows(EPISODE_MINUTES, old)
    writer.note_epochs([an_epoch(1, p, reached=True, **FIRST) for p in (3, 4)])
    writer.note_epochs([an_epoch(2, p, **recounted) for p in (3, 4)])
    writer.write_rows(EPISODE_MINUTES, [of(2, 0, 100)])
    writer.note_epochs([an_epoch(2, 3, reached=True, **recounted)])
    assert shown(connection, EPISODE_MINUTES) == 2
    writer.note_epochs([an_epoch(2, 4, reached=True, **recounted)])
    assert shown(connection, EPISODE_MINUTES) == 100


def test_rows_count_as_the_plain_rule_says_whatever_is_noted(writer, connection):
    rng = random.Random(5)
    rows, noted = {}, {}
    for epoch in (1, 2, 3, 4):
        for partition in (0, 1, 2):
            for generation in (0, 10, 20, 30):
                value = 1 << len(rows)
                rows[epoch, partition, generation] = value
                counters = {"starts": value, "generation": generation, "version": version(epoch, 99)}
                writer.write_rows(EPISODE_MINUTES, [a_row(EPISODE_MINUTES, partition=partition, **counters)])
    kinds = {epoch: rng.choice(list(EpochKind)[1:]) for epoch in (2, 3, 4)} | {1: EpochKind.FIRST}
    for _ in range(25):
        epoch, partition = rng.choice((1, 2, 3, 4)), rng.choice((0, 1, 2))
        known = noted.get((epoch, partition))
        begins_at = 0 if kinds[epoch] is not EpochKind.CONTINUED else rng.choice((0, 10, 20, 30))
        one = an_epoch(epoch, partition, kind=kinds[epoch], begins_at=begins_at, reached=rng.random() < 0.5)
        if known:
            one = known._replace(reached=True)
        for p in (0, 1, 2):  # an epoch is noted for all partitions at once
            noted.setdefault((epoch, p), one._replace(partition=p, reached=False))
        noted.setdefault((1, partition), an_epoch(1, partition, reached=True, **FIRST))
        noted[epoch, partition] = one
        for p in (0, 1, 2):
            noted[1, p] = an_epoch(1, p, reached=True, **FIRST)
        writer.note_epochs(list(noted.values()))
        every = sorted(noted.values())
        unknown = {1, 2, 3, 4} - {e.logic_epoch for e in every}
        expected = sum(
            value
            for (e, p, generation), value in rows.items()
            if e in unknown or counts(every, e, partition=p, generation=generation)
        )
        assert shown_starts(connection) == expected


def shown_starts(connection):
    return connection.query("SELECT sum(starts) FROM episodes_by_minute")[0][0]


def test_a_note_that_died_before_the_views_knew_is_made_up_for(writer, connection):
    writer.write_rows(EPISODE_MINUTES, [of(1, 0, 1)])
    writer.note_epochs([an_epoch(1, reached=True, **FIRST), an_epoch(2)])
    connection.query("TRUNCATE TABLE epoch_ends")
    writer.write_rows(EPISODE_MINUTES, [of(2, 0, 10)])
    writer.sync_epochs()
    assert shown(connection, EPISODE_MINUTES) == 1


def test_completeness_and_conservation_are_those_of_the_epoch_that_is_shown(writer, connection):
    writer.write_checkpoint(a_checkpoint(100))
    writer.note_epochs([an_epoch(1, reached=True, **FIRST), an_epoch(2)])
    writer.write_checkpoint(a_checkpoint(90, logic_epoch=2))
    for view in ("completeness", "conservation"):
        asked = f"SELECT logic_epoch, next_offset FROM {view}"
        assert connection.query(asked) == [(1, 100)]
    writer.note_epochs([an_epoch(2, reached=True)])
    assert connection.query("SELECT logic_epoch, next_offset FROM conservation") == [(2, 90)]


def test_a_database_of_before_keeps_its_rows_when_the_tables_are_remade(empty):
    connection = Connection(empty)
    before = [migration for migration in read_migrations() if migration.name < "0029"]
    try:
        for migration in before:
            connection.query(migration.sql)
            named = ([migration.name], [migration.sha256])
            connection.insert("schema_migrations", ("name", "sha256"), named)
        writer = Writer(empty)
        for table in COUNTER_TABLES:
            writer.write_rows(table, [of(1, 0, 3, table), of(1, 7, 4, table)])
        migrate(empty)
        assert [shown(connection, table) for table in COUNTER_TABLES] == [7] * len(COUNTER_TABLES)
        for migration in read_migrations():
            if migration.name > "0029":
                connection.query(migration.sql)  # twice changes nothing
        assert [shown(connection, table) for table in COUNTER_TABLES] == [7] * len(COUNTER_TABLES)
        writer.close()
    finally:
        connection.close()
