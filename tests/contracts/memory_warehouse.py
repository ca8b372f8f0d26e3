"""A warehouse in memory with the writer's interface, that keeps and replaces as the engine does."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from runtime.errors import WarehouseAwayError
from schemas.tables import COUNTER_TABLES, VERSION_BITS, CounterTable
from warehouse.checkpoints import KEEP_CHECKPOINTS, Checkpoint
from warehouse.epochs import Epoch
from warehouse.writer import InvariantBreak, MetDeletion, QuarantinedLine

TEN_MINUTES_MS = 600_000


class MemoryWarehouse:
    """What a `Writer` is to a worker, without a server.

    `away` makes every call fail as a server that does not answer; `lost_acknowledgements` is how
    many of the next writes happen and fail all the same. `now_ms` is the server's clock.
    """

    def __init__(self):
        self.away = False
        self.lost_acknowledgements = 0
        self.now_ms = 0
        self.calls = []
        self._rows = {}
        self._lines = {}
        self._deletions = {}
        self._checkpoints = []
        self._epochs = {}
        self.breaks = []

    def write_rows(self, table: CounterTable, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        self._answer("write_rows")
        for row in rows:
            if len(row) != len(table.columns):
                raise ValueError(f"a row of {table.name} has {len(row)} of {len(table.columns)} values")
            by_version = self._rows.setdefault(table.name, {}).setdefault(key_of(table, row), {})
            by_version[row[table.columns.index("version")]] = tuple(
                dict(value) if isinstance(value, dict) else value for value in row
            )
        self._acknowledge()

    def write_quarantine(self, lines: Sequence[QuarantinedLine]) -> None:
        if not lines:
            return
        self._answer("write_quarantine")
        for line in lines:
            self._lines[line[:4]] = line
        self._acknowledge()

    def write_deletions(self, deletions: Sequence[MetDeletion]) -> None:
        if not deletions:
            return
        self._answer("write_deletions")
        for met in deletions:
            self._deletions[met[:4]] = met
        self._acknowledge()

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        self._answer("write_checkpoint")
        self._checkpoints.append((self.now_ms, replace(checkpoint)))
        self._acknowledge()

    def newest_checkpoints(self, source_epoch: int, partition: int, logic_epoch: int) -> Iterator[Checkpoint]:
        self._answer("newest_checkpoints")
        of_partition = [
            (checkpoint.next_offset, written_at_ms, checkpoint)
            for written_at_ms, checkpoint in self._checkpoints
            if (checkpoint.source_epoch, checkpoint.partition, checkpoint.logic_epoch)
            == (source_epoch, partition, logic_epoch)
        ]
        newest_first = sorted(of_partition, key=lambda found: found[:2], reverse=True)
        yield from (replace(checkpoint) for *_, checkpoint in newest_first)

    def epochs_with_rows(self, source_epoch: int, partition: int) -> set[int]:
        self._answer("epochs_with_rows")
        rows = (
            dict(zip(table.columns, values, strict=True))
            for table in COUNTER_TABLES
            for by_version in self._rows.get(table.name, {}).values()
            for values in by_version.values()
        )
        return {
            row["version"] >> VERSION_BITS
            for row in rows
            if (row["source_epoch"], row["partition"]) == (source_epoch, partition)
        }

    def drop_old_checkpoints(self, source_epoch: int, partition: int) -> int:
        self._answer("drop_old_checkpoints")
        here = [
            (written_at_ms // TEN_MINUTES_MS, checkpoint)
            for written_at_ms, checkpoint in self._checkpoints
            if (checkpoint.source_epoch, checkpoint.partition) == (source_epoch, partition)
        ]
        offsets = {}
        for _, checkpoint in here:
            offsets.setdefault(checkpoint.logic_epoch, set()).add(checkpoint.next_offset)
        newest = {epoch: sorted(of, reverse=True)[:KEEP_CHECKPOINTS] for epoch, of in offsets.items()}
        kept = {slot for slot, one in here if one.next_offset in newest[one.logic_epoch]}
        dropped = {slot for slot, _ in here} - kept
        self._checkpoints = [
            (written_at_ms, checkpoint)
            for written_at_ms, checkpoint in self._checkpoints
            if (checkpoint.source_epoch, checkpoint.partition) != (source_epoch, partition)
            or written_at_ms // TEN_MINUTES_MS not in dropped
        ]
        return len(dropped)

    def write_breaks(self, breaks: Sequence[InvariantBreak]) -> None:
        self._answer("write_breaks")
        self.breaks += breaks
        self._acknowledge()

    def noted_epochs(self, source_epoch: int) -> list[Epoch]:
        self._answer("noted_epochs")
        return [epoch for _, epoch in sorted(self._epochs.items()) if epoch.source_epoch == source_epoch]

    def epochs_with_checkpoints(self, source_epoch: int) -> set[int]:
        self._answer("epochs_with_checkpoints")
        return {one.logic_epoch for _, one in self._checkpoints if one.source_epoch == source_epoch}

    def note_epochs(self, epochs: Sequence[Epoch]) -> None:
        self._answer("note_epochs")
        for epoch in epochs:
            known = self._epochs.get(epoch[:3])
            if known is None or epoch.reached >= known.reached:
                self._epochs[epoch[:3]] = epoch
        self._acknowledge()

    def sync_epochs(self) -> None:
        self._answer("sync_epochs")

    def close(self) -> None:
        pass

    def latest_rows(self, table: CounterTable) -> list[tuple[Any, ...]]:
        """The highest version of every key, in the order of the keys."""
        found = self._rows.get(table.name, {})
        return [versions[max(versions)] for _, versions in sorted(found.items())]

    def quarantined_lines(self) -> list[QuarantinedLine]:
        """The lines, each once, by their place in the log."""
        return [line for _, line in sorted(self._lines.items())]

    def met_deletions(self) -> list[MetDeletion]:
        """The deletions, each once, by their place in the log."""
        return [met for _, met in sorted(self._deletions.items())]

    def _answer(self, call):
        if self.away:
            raise WarehouseAwayError("the warehouse in memory is away")
        self.calls.append(call)

    def _acknowledge(self):
        if self.lost_acknowledgements > 0:
            self.lost_acknowledgements -= 1
            raise WarehouseAwayError("the warehouse in memory lost the acknowledgement")


def key_of(table: CounterTable, row: Sequence[Any]) -> tuple[Any, ...]:
    """The window, the dimensions and the lineage, with the logic epoch for the version."""
    at = table.columns.index("version")
    return (*row[:at], row[at] >> VERSION_BITS)
