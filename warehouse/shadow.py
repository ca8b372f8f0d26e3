"""Shadow tables: rows counted once more beside the true ones, compared with them, put in their place.

It owns IO. A shadow table is `<table>__shadow`, made like the table it stands beside. What is put in place
is written as rows of a higher version, also for those that should not be there: they become zeros, and
rows of zeros equal absent ones. Nothing is deleted, so a repeat is harmless.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from runtime.settings import ClickHouseSettings
from schemas.tables import CHECKPOINTS, COUNTER_TABLES, VERSION_BITS, CounterTable
from warehouse.client import Connection

SUFFIX: Final = "__shadow"


class Range(NamedTuple):
    """Rows of one partition and logic epoch, in generations from `begin` up to, and without, `end`."""

    source_epoch: int
    logic_epoch: int
    partition: int
    begin: int
    end: int

    @property
    def where(self) -> str:
        """The range as SQL."""
        return (
            f"source_epoch = {self.source_epoch} AND partition = {self.partition} "
            f"AND bitShiftRight(version, {VERSION_BITS}) = {self.logic_epoch} "
            f"AND generation >= {self.begin} AND generation < {self.end}"
        )


class Difference(NamedTuple):
    """How the rows of a table and of its shadow differ, by key; rows of zeros count as absent."""

    same: int
    other_value: int
    missing: int
    too_many: int

    @property
    def wrong(self) -> int:
        """Rows that are not as the shadow has them."""
        return self.other_value + self.missing + self.too_many


class Shadow:
    """The shadow tables of a database."""

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._connection = Connection(settings)

    def make(self) -> None:
        """Make the shadow tables that are absent."""
        for name in _NAMES:
            self._connection.query(f"CREATE TABLE IF NOT EXISTS {name}{SUFFIX} AS {name}")

    def is_there(self) -> bool:
        """Whether the shadow tables have been made."""
        here = "database = currentDatabase() AND endsWith(name, {suffix:String})"
        ((count,),) = self._connection.query(
            f"SELECT count() FROM system.tables WHERE {here}", {"suffix": SUFFIX}
        )
        return bool(count == len(_NAMES))

    def clear(self, source_epoch: int, logic_epoch: int, partition: int) -> None:
        """Forget what is in the shadow of a partition; the true tables are not touched."""
        where = f"source_epoch = {source_epoch} AND partition = {partition}"
        epochs = {CHECKPOINTS: "logic_epoch"}
        for name in _NAMES:
            epoch = epochs.get(name, f"bitShiftRight(version, {VERSION_BITS})")
            self._connection.query(f"DELETE FROM {name}{SUFFIX} WHERE {where} AND {epoch} = {logic_epoch}")

    def drop(self) -> None:
        """Drop the shadow tables."""
        for name in _NAMES:
            self._connection.query(f"DROP TABLE IF EXISTS {name}{SUFFIX} SYNC")

    def compare(self, rows: Range) -> Mapping[str, Difference]:
        """Compare the true tables with their shadows, by table."""
        found = {}
        for table in COUNTER_TABLES:
            ((same, other, missing, too_many),) = self._connection.query(
                f"""
                SELECT
                    countIf(mine = true_one),
                    countIf(mine != true_one AND mine != '' AND true_one != ''),
                    countIf(mine != '' AND true_one = ''),
                    countIf(mine = '' AND true_one != '')
                FROM ({_side_by_side(table, rows)})
                """
            )
            found[table.name] = Difference(same, other, missing, too_many)
        return found

    def swap(self, rows: Range, at_least: int) -> int:
        """Put the shadow's rows in place wherever the true ones differ; return how many these were.

        `at_least` is an offset up to which the shadow was counted. The generations must be over: their
        rows have one value at every later offset, so the version may be raised past whatever is there.
        """
        wrong = 0
        for table, difference in self.compare(rows).items():
            if difference.wrong:
                self._swap_table(next(t for t in COUNTER_TABLES if t.name == table), rows, at_least)
            wrong += difference.wrong
        return wrong

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _swap_table(self, table: CounterTable, rows: Range, at_least: int) -> None:
        ((highest,),) = self._connection.query(f"SELECT max(version) FROM {table.name} WHERE {rows.where}")
        version = max(highest, rows.logic_epoch << VERSION_BITS | at_least) + 1
        key = ", ".join(_key(table))
        values = ", ".join(
            f"anyIf({name}, side = 1) AS {name}_" for name in table.counters + table.histograms
        )
        chosen = ", ".join(f"{name}_" for name in table.counters + table.histograms)
        columns = ", ".join((*_key(table), "version", *table.counters, *table.histograms))
        self._connection.query(
            f"""
            INSERT INTO {table.name} ({columns})
            SELECT {key}, {version}, {chosen}
            FROM (
                SELECT {key}, {values}, anyIf(told, side = 1) AS mine, anyIf(told, side = 0) AS true_one
                FROM ({_both(table, rows)})
                GROUP BY {key}
            )
            WHERE mine != true_one
            SETTINGS async_insert = 0, insert_deduplicate = 0, insert_quorum = 'auto'
            """
        )


_NAMES: Final = (*(table.name for table in COUNTER_TABLES), CHECKPOINTS)


def _key(table: CounterTable) -> tuple[str, ...]:
    return ("window_start", *table.dimensions, "source_epoch", "partition", "generation")


def _both(table: CounterTable, rows: Range) -> str:
    """Rows of the table (side 0) and of its shadow (side 1), each with all of its values told as one text.

    The text of a row of zeros is empty, and so is that of an absent one.
    """
    values = (*table.counters, *table.histograms)
    bins = [f"mapSort(mapFilter((bin, n) -> n != 0, {name}))" for name in table.histograms]
    nothing = " AND ".join(
        [*(f"{name} = 0" for name in table.counters), *(f"empty({each})" for each in bins)]
    )
    told = f"if({nothing}, '', toString(tuple({', '.join((*table.counters, *bins))})))"
    chosen = ", ".join((*_key(table), *values, f"{told} AS told"))
    return " UNION ALL ".join(
        f"SELECT {chosen}, {side} AS side FROM {name} FINAL WHERE {rows.where}"
        for side, name in enumerate((table.name, table.name + SUFFIX))
    )


def _side_by_side(table: CounterTable, rows: Range) -> str:
    key = ", ".join(_key(table))
    return (
        f"SELECT anyIf(told, side = 1) AS mine, anyIf(told, side = 0) AS true_one "
        f"FROM ({_both(table, rows)}) GROUP BY {key}"
    )
