"""A warehouse in memory that keeps what a ReplacingMergeTree keeps, and fails as one across a network fails.

It has the interface of `warehouse.writer.Writer`, so the real sink writes to it. All that was ever
written stands in one journal in the order of the writes; a table is what a reader makes of the journal.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from runtime.errors import WarehouseAwayError
from schemas.tables import COUNTER_TABLES, VERSION_BITS, CounterTable
from warehouse.checkpoints import KEEP_CHECKPOINTS, Checkpoint
from warehouse.epochs import Epoch, is_shown
from warehouse.writer import InvariantBreak, MetDeletion, QuarantinedLine

Tables = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
TABLES = {table.name: table for table in COUNTER_TABLES}
VERSION_AT = {table.name: table.columns.index("version") for table in COUNTER_TABLES}
FAULTS = ("refused", "partial", "lost")
"""Nothing was written; some of the rows were; all of it was: and nobody is told which."""


@dataclass
class Warehouse:
    """Rows, lines and checkpoints in the order of their writes.

    Attributes:
        journal: rows as (table, row), in the order in which they came.
        checkpoints: (length of the journal when it came, checkpoint).
        defects: what no warehouse could mend: two values of one row at one version.
        hidden: how many of the newest checkpoints the next reader does not see.
        fault: what happens to a later call, and after how many calls.
    """

    rng: Random = field(default_factory=lambda: Random(0))
    journal: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    checkpoints: list[tuple[int, Checkpoint]] = field(default_factory=list)
    lines: dict[tuple[int, int, int, int], QuarantinedLine] = field(default_factory=dict)
    deletions: dict[tuple[int, int, int, int], MetDeletion] = field(default_factory=dict)
    epochs: dict[tuple[int, int, int], Epoch] = field(default_factory=dict)
    breaks: list[InvariantBreak] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    hidden: int = 0
    fault: tuple[str, int] | None = None
    _seen: dict[tuple[str, tuple[Any, ...]], tuple[Any, ...]] = field(default_factory=dict)

    def write_rows(self, table: CounterTable, rows: Sequence[tuple[Any, ...]]) -> None:
        """Keep rows, or some of them, in any order."""
        self._fail_or(lambda some: self._keep(table.name, some), list(rows))

    def write_breaks(self, breaks: Sequence[InvariantBreak]) -> None:
        """Keep what was told to on-call, or some of it."""
        self._fail_or(self.breaks.extend, list(breaks))

    def write_quarantine(self, lines: Sequence[QuarantinedLine]) -> None:
        """Keep lines, or some of them."""
        self._fail_or(lambda some: self.lines.update((line[:4], line) for line in some), list(lines))

    def write_deletions(self, deletions: Sequence[MetDeletion]) -> None:
        """Keep deletions that were met, or some of them."""
        self._fail_or(lambda some: self.deletions.update((met[:4], met) for met in some), list(deletions))

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint: it is one row."""
        self._fail_or(
            lambda some: self.checkpoints.extend((len(self.journal), one) for one in some), [checkpoint]
        )

    def newest_checkpoints(self, source_epoch: int, partition: int, logic_epoch: int) -> Iterator[Checkpoint]:
        """Yield the checkpoints of a partition, newest first, without those that this reader does not see."""
        key = (source_epoch, partition, logic_epoch)
        found = [c for _, c in self.checkpoints if (c.source_epoch, c.partition, c.logic_epoch) == key]
        hidden, self.hidden = self.hidden, 0
        yield from sorted(found, key=lambda c: -c.next_offset)[hidden:]

    def noted_epochs(self, source_epoch: int) -> list[Epoch]:
        """Return what is noted, oldest first."""
        return [epoch for _, epoch in sorted(self.epochs.items()) if epoch.source_epoch == source_epoch]

    def epochs_with_checkpoints(self, source_epoch: int) -> set[int]:
        """Return the logic epochs that have left checkpoints."""
        return {c.logic_epoch for _, c in self.checkpoints if c.source_epoch == source_epoch}

    def epochs_with_rows(self, source_epoch: int, partition: int) -> set[int]:
        """Return the logic epochs that have rows of a partition."""
        found = set()
        for table, row in self.journal:
            values = dict(zip(TABLES[table].columns, row, strict=True))
            if (values["source_epoch"], values["partition"]) == (source_epoch, partition):
                found.add(values["version"] >> VERSION_BITS)
        return found

    def note_epochs(self, epochs: Sequence[Epoch]) -> None:
        """Note all of them or none: they are one block."""

        def note(some: list[list[Epoch]]) -> None:
            for epoch in (one for block in some for one in block):
                if epoch.reached or epoch[:3] not in self.epochs:
                    self.epochs[epoch[:3]] = epoch

        self._fail_or(note, [list(epochs)])

    def sync_epochs(self) -> None:
        """Nothing to do: the view reads what is noted."""

    def drop_old_checkpoints(self, source_epoch: int, partition: int) -> int:
        """Drop all but the newest two of every logic epoch of a partition."""
        here: dict[int, set[int]] = {}
        for _, c in self.checkpoints:
            if c.partition == partition:
                here.setdefault(c.logic_epoch, set()).add(c.next_offset)
        kept = {epoch: sorted(offsets, reverse=True)[:KEEP_CHECKPOINTS] for epoch, offsets in here.items()}
        before = len(self.checkpoints)
        self.checkpoints = [
            (at, c)
            for at, c in self.checkpoints
            if c.partition != partition or c.next_offset in kept[c.logic_epoch]
        ]
        return before - len(self.checkpoints)

    def holds(self, table: str, row: tuple[Any, ...]) -> bool:
        """Whether a row was ever written."""
        return self._seen.get((table, row[: VERSION_AT[table] + 1])) == row

    def restore(self, rows: int, checkpoints: int) -> None:
        """Go back to a backup: of the rows after so many writes, of the checkpoints after so many."""
        self.journal = self.journal[:rows]
        self.checkpoints = self.checkpoints[:checkpoints]

    def _fail_or(self, keep: Callable[[list[Any]], None], values: list[Any]) -> None:
        if not values:
            return
        if self.fault is None or self.fault[1] > 0:
            if self.fault is not None:
                self.fault = (self.fault[0], self.fault[1] - 1)
            keep(values)
            return
        kind, self.fault = self.fault[0], None
        if kind == "partial":
            values = [value for value in values if self.rng.random() < 0.5]
        if kind != "refused":
            keep(values)
        raise WarehouseAwayError(f"the warehouse in memory: {kind}")

    def _keep(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        for row in rows:
            if len(row) != len(TABLES[table].columns):
                raise ValueError(f"a row of {table} has {len(row)} values")
            copy = tuple(dict(value) if isinstance(value, dict) else value for value in row)
            key = (table, row[: VERSION_AT[table] + 1])
            known = self._seen.setdefault(key, copy)
            if known != copy:
                self.defects.append(f"{key}: both {known[len(key[1]) :]} and {copy[len(key[1]) :]}")
            self.journal.append((table, copy))


def newest(warehouse: Warehouse) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield each row of an epoch that counts at its highest version, with its table."""
    found: dict[tuple[str, tuple[Any, ...], int], tuple[Any, ...]] = {}
    for table, row in warehouse.journal:
        at = VERSION_AT[table]
        key = (table, row[:at], row[at] >> VERSION_BITS)
        if key not in found or found[key][at] < row[at]:
            found[key] = row
    noted = warehouse.noted_epochs(1)
    for (table, lineage, logic_epoch), row in found.items():
        if counts(noted, logic_epoch, partition=lineage[-2], generation=lineage[-1]):
            yield table, row


def counts(noted: list[Epoch], logic_epoch: int, partition: int, generation: int) -> bool:
    """Whether a row counts: its epoch is the last one shown that begins at or before its generation."""
    if not noted:
        return True
    shown = [
        epoch.logic_epoch
        for epoch in noted
        if epoch.partition == partition
        and epoch.begins_at <= generation
        and is_shown(noted, epoch.logic_epoch, partition)
    ]
    return bool(shown) and max(shown) == logic_epoch


def view(warehouse: Warehouse, rows: Callable[[Warehouse], Any] = newest) -> Tables:
    """Add up generations and partitions, as the views do. Rows and bins of zero are left out."""
    found: Tables = {name: {} for name in TABLES}
    for name, row in rows(warehouse):
        table, at = TABLES[name], VERSION_AT[name]
        total = found[name].setdefault(row[: 1 + len(table.dimensions)], {})
        for column, value in zip(table.counters + table.histograms, row[at + 1 :], strict=True):
            if isinstance(value, dict):
                bins = total.setdefault(column, {})
                for bin_no, count in value.items():
                    bins[bin_no] = bins.get(bin_no, 0) + count
            else:
                total[column] = total.get(column, 0) + value
    for rows_of_table in found.values():
        for total in rows_of_table.values():
            for column, value in total.items():
                if isinstance(value, dict):
                    total[column] = {bin_no: count for bin_no, count in value.items() if count}
    return {name: {k: r for k, r in of.items() if any(r.values())} for name, of in found.items()}
