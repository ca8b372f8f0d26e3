"""A warehouse that holds each checkpoint, when it comes, against the rows that it says are there."""

from collections.abc import Iterable
from random import Random
from typing import Any

from schemas.tables import COUNTER_TABLES, VERSION_BITS
from streams.count import count_all
from streams.owned import Owned
from streams.partition import Partition
from tests.model.log import Log
from tests.model.warehouse import VERSION_AT, Warehouse
from tests.model.worker import BrokenPromiseError
from warehouse.checkpoints import Checkpoint

Rows = dict[tuple[str, Any], tuple[Any, ...]]
"""What each row of a partition is worth, by table and lineage; one of zero is as good as none."""


class Witness(Warehouse):
    """Who loads a checkpoint never writes again what had changed before it: all of it must be there."""

    def __init__(self, rng: Random, log: Log) -> None:
        super().__init__(rng)
        self._log = log
        self._truths: dict[int, Truth] = {}

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        known = len(self.checkpoints)
        try:
            super().write_checkpoint(checkpoint)
        finally:
            if len(self.checkpoints) > known:
                self._hold(checkpoint.partition, checkpoint.next_offset)

    def _hold(self, number: int, offset: int) -> None:
        truth = self._truths.get(number)
        if truth is None or truth.offset > offset:
            truth = self._truths[number] = Truth(self._log, number)
        true, held = truth.rows_at(offset), rows_up_to(self, number, offset)
        if true != held:
            name = min((n for n in true.keys() | held.keys() if true.get(n) != held.get(n)), key=str)
            told = f"{name} is {held.get(name)}, not {true.get(name)}"
            raise BrokenPromiseError(f"checkpoint {number}@{offset} before its rows: {told}")


class Truth:
    """The rows of longer and longer prefixes of a partition, by a fold without faults."""

    def __init__(self, log: Log, number: int) -> None:
        self.offset = 0
        self._messages = log.partitions[number]
        self._owned = Owned(number, Partition(log.rules), fresh=True, now_s=0.0)
        self._rows: Rows = {}

    def rows_at(self, offset: int) -> Rows:
        """The rows of the prefix that ends before an offset. It must be no shorter than the last."""
        while self.offset < offset:
            self._owned.fold(self.offset, *self._messages[self.offset])
            self.offset += 1
        count_all(self._owned.state)
        taken = self._owned.take_rows(COUNTER_TABLES, source_epoch=1, logic_epoch=1)
        self._rows.update(_worth((table.name, row) for table, rows in taken for row in rows))
        return {name: values for name, values in self._rows.items() if any(values)}


def rows_up_to(warehouse: Warehouse, number: int, offset: int) -> Rows:
    """The rows of a partition by what was written of no longer prefix than this."""
    version = 1 << VERSION_BITS | offset
    newest: dict[Any, tuple[str, tuple[Any, ...]]] = {}
    for table, row in warehouse.journal:
        at = VERSION_AT[table]
        if row[at - 2] == number and row[at] <= version:
            key = table, row[:at]
            if key not in newest or newest[key][1][at] <= row[at]:
                newest[key] = table, row
    return {name: values for name, values in _worth(newest.values()).items() if any(values)}


def _worth(rows: Iterable[tuple[str, tuple[Any, ...]]]) -> Rows:
    return {(table, row[: VERSION_AT[table]]): row[VERSION_AT[table] + 1 :] for table, row in rows}
