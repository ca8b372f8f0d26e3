"""The hot rows of a partition: counters that change, until they are written and left behind. Pure.

A row lives within one *generation*, the stretch of the log in which the watermark moves through one
slot of `FoldRules.generation_ms`; it is named by the offset that opened it. Where a generation ends is
decided by the log alone, so every process that reads the same prefix has the same rows with the same
values. Readers add generations up.

Which rows are *written* must follow from the log too, not from when somebody counted: a process that
died may have written a row at a moment at which an object counted there, before a later event moved the
object elsewhere. Whoever folds on must write that row again, even if for it nothing has changed. So
whatever ends or begins a possibility to count somewhere opens the row, with or without a change.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, final

from mypy_extensions import i16, i64, mypyc_attr

from schemas.tables import (
    EPISODE_MINUTES,
    EXIT_CURVES,
    PAYWALL_MINUTES,
    SITTINGS,
    UNLOCK_MINUTES,
    VERSION_BITS,
    VIEWER_DAYS,
    CounterTable,
)

Key = tuple[Any, ...]
"""(window_start in seconds, *dimensions)"""

NO_BIN: Final = -1


_HISTOGRAM_BITS: Final = 2
_HISTOGRAM_MASK: Final = 3
"""Below the bin: most places are then small numbers, of which Python has one object each."""


@final
@mypyc_attr(acyclic=True)
class Row:
    """One counter row of one generation.

    Attributes:
        values: a number per counter.
        counts: of all `histograms` in one dict, by `bin << 2 | histogram`, no zeros; None if it has none.
    """

    __slots__ = ("counts", "dirty", "generation", "histograms", "key", "values")

    def __init__(self, key: Key, generation: i64, values: list[int], histograms: i16) -> None:
        self.key = key
        self.generation = generation
        self.values = values
        self.histograms = histograms
        self.counts: dict[int, int] | None = {} if histograms else None
        self.dirty = False

    @property
    def bins(self) -> tuple[dict[int, int], ...]:
        """A dict per histogram: bin -> count, no zeros."""
        found: list[dict[int, int]] = [{} for _ in range(self.histograms)]
        if self.counts is not None:
            for place, count in self.counts.items():
                found[place & _HISTOGRAM_MASK][place >> _HISTOGRAM_BITS] = count
        return tuple(found)

    def move(self, histogram: i64, old: int, new: int) -> None:
        """Take one object out of the bin `old` and put it into `new`; NO_BIN stands for none."""
        if old != NO_BIN:
            self._add(old << _HISTOGRAM_BITS | histogram, -1)
        if new != NO_BIN:
            self._add(new << _HISTOGRAM_BITS | histogram, 1)

    def _add(self, place: int, change: i64) -> None:
        counts = self.counts
        assert counts is not None
        count = counts.get(place, 0) + change
        if count:
            counts[place] = count
        else:
            del counts[place]


@final
class TableRows:
    """The rows of one table: the open ones of this generation, and all that were not written since."""

    def __init__(self, table: CounterTable) -> None:
        self.table = table
        self.counters = len(table.counters)
        self.histograms: i16 = len(table.histograms)
        self.open: dict[Key, Row] = {}
        self.dirty: list[Row] = []
        self.generation: i64 = 0

    def change(self, key: Key) -> Row:
        """Return the open row of a key, opened if need be, and remember that it must be written."""
        row = self.open.get(key)
        if row is None:
            row = Row(key, self.generation, [0] * self.counters, self.histograms)
            self.open[key] = row
        if not row.dirty:
            self.mark(row)
        return row

    def mark(self, row: Row) -> None:
        """Remember that a row must be written. It must not be marked already."""
        row.dirty = True
        self.dirty.append(row)

    def take_dirty(self) -> list[Row]:
        """Return the rows that must be written, and forget that they must."""
        rows, self.dirty = self.dirty, []
        for row in rows:
            row.dirty = False
        return rows


@final
class RowBook:
    """The rows of a partition, by table."""

    def __init__(self) -> None:
        self.episodes = TableRows(EPISODE_MINUTES)
        self.curves = TableRows(EXIT_CURVES)
        self.sittings = TableRows(SITTINGS)
        self.paywalls = TableRows(PAYWALL_MINUTES)
        self.unlocks = TableRows(UNLOCK_MINUTES)
        self.days = TableRows(VIEWER_DAYS)
        self.generation: i64 = 0

    @property
    def tables(self) -> dict[str, TableRows]:
        """The rows by name of their table."""
        every = (self.episodes, self.curves, self.sittings, self.paywalls, self.unlocks, self.days)
        return {rows.table.name: rows for rows in every}

    def open_generation(self, generation: i64) -> None:
        """Leave the open rows behind: what changes later goes to rows of this generation.

        The rows left behind are final; those of them that are dirty are still handed out to be written.
        """
        self.generation = generation
        for rows in self.tables.values():
            rows.open.clear()
            rows.generation = generation

    def open_rows(self) -> Iterator[tuple[str, Row]]:
        """Yield the open rows with the name of their table."""
        for name, rows in self.tables.items():
            for row in rows.open.values():
                yield name, row

    def restore(self, generation: i64, rows: Iterable[tuple[str, Row]]) -> None:
        """Take over the open rows of a checkpoint. All of them have been written."""
        self.open_generation(generation)
        tables = self.tables
        for name, row in rows:
            tables[name].open[row.key] = row


def as_tuples(
    rows: list[Row], source_epoch: int, partition: int, logic_epoch: int, next_offset: int
) -> list[tuple[Any, ...]]:
    """Return rows as the warehouse wants them, in the order of `CounterTable.columns`."""
    version = logic_epoch << VERSION_BITS | next_offset
    found: list[tuple[Any, ...]] = []
    for row in rows:
        lineage = (source_epoch, partition, row.generation, version)
        found.append(row.key + lineage + tuple(row.values) + row.bins)
    return found
