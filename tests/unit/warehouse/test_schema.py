"""The SQL of the tables against the page that the fold writes by."""

import re
from dataclasses import fields

import pytest

from schemas.tables import CHECKPOINTS, COUNTER_TABLES, LINEAGE, QUARANTINE, VIEWER_DELETIONS
from warehouse.checkpoints import Checkpoint
from warehouse.migrate import read_migrations
from warehouse.writer import QUARANTINE_COLUMNS, MetDeletion

COLUMN = re.compile(r"^    (\w+) (.+?)(?: DEFAULT .+?)? COMMENT '(.+?)'", re.MULTILINE)
MIGRATIONS = read_migrations()
SQL = {m.name[5:-4]: m.sql for m in MIGRATIONS if "\nALTER TABLE" not in m.sql}
ADDED = re.compile(r"^    ADD COLUMN IF NOT EXISTS (\w+) ", re.MULTILINE)


MADE = re.compile(
    r"\s*(CREATE (TABLE|VIEW) IF NOT EXISTS|CREATE OR REPLACE (TABLE|VIEW)|ALTER TABLE) (?P<name>\w+)\n"
)
"""The first migration of a name makes it, a later one remakes it or adds to it."""


OF_THE_EPOCH = ("bitShiftRight(version", "48)")
"""The last part of the key, as the commas cut it."""


def columns_of(name):
    return {column: kind for column, kind, _ in COLUMN.findall(SQL[name])}


def clause(name, keyword):
    found = re.search(rf"^{keyword} \(?(.*?)\)?\n(?=[A-Z])", SQL[name], re.MULTILINE | re.DOTALL)
    return [part.strip() for part in found[1].split(",")]


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_a_table_has_the_columns_of_its_rows_in_their_order(table):
    assert tuple(columns_of(table.name)) == (*table.columns, "written_at")


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_counters_can_fall_and_histograms_are_maps(table):
    kinds = columns_of(table.name)
    assert {kinds[name] for name in table.counters} <= {"Int64"}
    assert {kinds[name] for name in table.histograms} <= {"Map(UInt16, Int64)"}
    assert kinds["window_start"] == "DateTime('UTC')"
    assert [kinds[name] for name in LINEAGE] == ["UInt16", "UInt16", "UInt64", "UInt64"]


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_the_sort_key_is_unique_for_a_row_and_its_version_replaces(table):
    key = clause(table.name, "ORDER BY")
    assert key[0] == "toDate(window_start)"
    assert sorted(key[1:]) == sorted(
        ["window_start", *table.dimensions, "source_epoch", "partition", "generation", *OF_THE_EPOCH]
    )
    assert "ENGINE = ReplacingMergeTree(version)\n" in SQL[table.name]
    assert "PARTITION BY toYYYYMM(window_start)\n" in SQL[table.name]


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_views_show_every_dimension_and_counter_and_no_lineage(table):
    views = [name for name, sql in SQL.items() if f"FROM {table.name} AS e FINAL" in sql]
    assert views
    for view in views:
        shown = columns_of(view)
        assert {"window_start", *table.dimensions, *table.counters, *table.histograms} <= set(shown)
        assert not {*LINEAGE, "written_at"} & set(shown)


def test_checkpoints_hold_every_field_of_a_checkpoint():
    names = tuple(field.name for field in fields(Checkpoint))
    added = [c for m in MIGRATIONS if m.name[5:-4] == CHECKPOINTS for c in ADDED.findall(m.sql)]
    assert {*columns_of(CHECKPOINTS), *added} == {*names, "size", "written_at"}


def test_quarantine_holds_what_the_writer_writes():
    assert tuple(columns_of(QUARANTINE)) == (*QUARANTINE_COLUMNS, "detected_at")


def test_deletions_hold_what_the_writer_writes():
    assert tuple(columns_of(VIEWER_DELETIONS)) == (*MetDeletion._fields, "dropped_at")


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda migration: migration.name)
def test_a_migration_is_one_explained_statement_that_may_run_twice(migration):
    name, sql = migration.name[5:-4], migration.sql
    statement = re.sub(r"'[^']*'", "''", re.sub(r"--.*", "", sql))
    assert ";" not in statement
    assert sql.startswith(f"-- {name}: ")
    made = MADE.match(statement)
    assert made is not None
    assert made["name"] == name
    assert "ALTER" not in statement or "ADD COLUMN IF NOT EXISTS" in statement
    assert "default." not in statement


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_a_table_that_is_remade_keeps_its_rows(table):
    assert SQL[table.name].endswith(f"\nAS SELECT * FROM {table.name}\n")


@pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
def test_views_leave_out_what_another_logic_epoch_has_replaced(table):
    for sql in (sql for sql in SQL.values() if f"FROM {table.name} AS e FINAL" in sql):
        assert "FROM epoch_ends FINAL) AS ends" in sql
        assert sql.count("OR e.generation < transform(") == 1
