"""Writes rows, quarantined lines and checkpoints, and reads checkpoints back. It owns IO."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, Final, NamedTuple

from runtime.errors import CheckpointError
from runtime.settings import ClickHouseSettings
from schemas.invariants import Invariant
from schemas.reasons import Reason
from schemas.tables import (
    CHECKPOINTS,
    COUNTER_TABLES,
    INVARIANT_BREAKS,
    QUARANTINE,
    VIEWER_DELETIONS,
    CounterTable,
)
from warehouse.checkpoints import KEEP_CHECKPOINTS, Checkpoint
from warehouse.client import QUERIES, Connection
from warehouse.epochs import Epoch, epochs_with_checkpoints, note_epochs, read_epochs, sync_epochs

NEWEST: Final = (QUERIES / "newest_checkpoints.sql").read_text()
LOAD: Final = (QUERIES / "load_checkpoint.sql").read_text()
EPOCHS_WITH_ROWS: Final = (QUERIES / "epochs_with_rows.sql").read_text()
DROPPABLE: Final = (QUERIES / "droppable_checkpoints.sql").read_text()

LOG: Final = ("source_epoch", "partition", "logic_epoch")
CHECKPOINT_COLUMNS: Final = tuple(field.name for field in fields(Checkpoint))


class QuarantinedLine(NamedTuple):
    """A line that could not be used, where it stood, and why. The line is kept as the bytes it was."""

    source_epoch: int
    partition: int
    offset: int
    line_index: int
    reason: Reason
    line: bytes
    message_at_ms: int


class InvariantBreak(NamedTuple):
    """Something that must always hold and did not; the columns of `invariant_breaks`, in their order."""

    invariant: Invariant
    source_epoch: int
    partition: int
    logic_epoch: int
    next_offset: int
    detail: str
    worker: str


QUARANTINE_COLUMNS: Final = (
    "source_epoch",
    "partition",
    "offset",
    "line_index",
    "reason",
    "line",
    "message_at",
)


class MetDeletion(NamedTuple):
    """A request to be forgotten whose viewer's state was dropped, and where it stood. Times in ms."""

    source_epoch: int
    partition: int
    offset: int
    line_index: int
    viewer_id: str
    requested_at: int
    message_at: int


class Writer:
    """What a worker writes to the warehouse and loads from it. Blocking; owned by one thread.

    Guarantee: when a call returns, what it wrote is in the warehouse. When it raises
    `WarehouseAwayError`, any part of it may be: the caller makes the same call again, and as rows
    are full values under a version, lines have a key, and a checkpoint is one row, that is harmless.
    Nothing is retried in here; the next call opens a new connection. A crash of the process in a
    call is the same case. A call ends at the latest with the timeouts of the settings.
    """

    def __init__(self, settings: ClickHouseSettings, *, suffix: str = "") -> None:
        """`suffix` ends the names of the tables that it writes: of counters, and of checkpoints."""
        self._suffix = suffix
        self._connection = Connection(settings)
        self._loads = Connection(settings, strings_as_bytes=True)
        self._newest: dict[tuple[int, int, int], int] = {}

    def write_rows(self, table: CounterTable, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows of a counter table, each a tuple in the order of `table.columns`."""
        if rows:
            self._connection.insert(table.name + self._suffix, table.columns, list(zip(*rows, strict=True)))

    def write_quarantine(self, lines: Sequence[QuarantinedLine]) -> None:
        """Insert lines that were set aside; the same line again replaces itself."""
        if lines:
            columns = list(zip(*lines, strict=True))
            self._connection.insert(QUARANTINE, QUARANTINE_COLUMNS, columns)

    def write_deletions(self, deletions: Sequence[MetDeletion]) -> None:
        """Insert deletions that were met; the same one again replaces itself."""
        if deletions:
            columns = list(zip(*deletions, strict=True))
            self._connection.insert(VIEWER_DELETIONS, MetDeletion._fields, columns)

    def write_breaks(self, breaks: Sequence[InvariantBreak]) -> None:
        """Insert breaks of invariants. One that was written twice stands there twice."""
        if breaks:
            columns = list(zip(*breaks, strict=True))
            self._connection.insert(INVARIANT_BREAKS, InvariantBreak._fields, columns)

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Insert one checkpoint: one row of one block, so it is there as a whole or not at all.

        Raises CheckpointError when the one before it, which this writer wrote or loaded, is gone: the
        warehouse was put back to a backup. The rows written since are gone with it, and the worker,
        which knows them as written, would not write them again. One that starts anew does.
        """
        self._check_nothing_is_gone(checkpoint)
        row = [[getattr(checkpoint, name)] for name in CHECKPOINT_COLUMNS]
        columns = (*CHECKPOINT_COLUMNS, "size")
        self._connection.insert(CHECKPOINTS + self._suffix, columns, [*row, [len(checkpoint.state)]])
        self._newest[_log_of(checkpoint)] = checkpoint.next_offset

    def _check_nothing_is_gone(self, checkpoint: Checkpoint) -> None:
        known = self._newest.get(_log_of(checkpoint))
        if known is None:
            return
        found = self._newest_offsets(*_log_of(checkpoint))
        newest = found[0][0] if found else None
        if newest is None or newest < known:
            raise CheckpointError(
                f"the checkpoint of partition {checkpoint.partition} at offset {known} is gone, the newest "
                f"is at {newest}: the warehouse was put back. A worker that starts anew reads on from there"
            )

    def newest_checkpoints(self, source_epoch: int, partition: int, logic_epoch: int) -> Iterator[Checkpoint]:
        """Yield the checkpoints of a partition, newest first; each state is fetched when it is asked for.

        The caller verifies the hash and asks for the next when it does not hold.
        """
        log = (source_epoch, partition, logic_epoch)
        where = dict(zip(LOG, log, strict=True))
        found = self._newest_offsets(*log)
        self._newest.pop(log, None)
        if found:
            self._newest[log] = found[0][0]
        for next_offset, written_at_ms in found:
            which = where | {"next_offset": next_offset, "written_at_ms": written_at_ms}
            for row in self._loads.query(self._of(LOAD), which):
                yield checkpoint_of(row)

    def _newest_offsets(self, *log: int) -> list[Any]:
        return self._connection.query(self._of(NEWEST), dict(zip(LOG, log, strict=True)))

    def _of(self, sql: str) -> str:
        """A query of the checkpoints, of the tables that this writer writes."""
        return sql.replace(f"FROM {CHECKPOINTS}\n", f"FROM {CHECKPOINTS}{self._suffix}\n")

    def epochs_with_rows(self, source_epoch: int, partition: int) -> set[int]:
        """Return the logic epochs that have rows of a partition. It reads tables from end to end."""
        where = {"source_epoch": source_epoch, "partition": partition}
        return {
            epoch
            for table in COUNTER_TABLES
            for (epoch,) in self._connection.query(
                EPOCHS_WITH_ROWS.replace("FROM counted\n", f"FROM {table.name}{self._suffix}\n"), where
            )
        }

    def noted_epochs(self, source_epoch: int) -> list[Epoch]:
        """Return what is noted of the logic epochs of a log, oldest first."""
        return read_epochs(self._connection, source_epoch)

    def epochs_with_checkpoints(self, source_epoch: int) -> set[int]:
        """Return the logic epochs of a log that have left checkpoints."""
        return epochs_with_checkpoints(self._connection, source_epoch)

    def note_epochs(self, epochs: Sequence[Epoch]) -> None:
        """Note logic epochs, and let the views know."""
        note_epochs(self._connection, epochs)

    def sync_epochs(self) -> None:
        """Let the views know which logic epochs are noted."""
        sync_epochs(self._connection)

    def drop_old_checkpoints(self, source_epoch: int, partition: int) -> int:
        """Drop old checkpoints of a partition, whole table partitions at a time; return how many of these.

        The newest two of every `logic_epoch` stay, and with them whatever shares a table partition
        with them. Two workers that drop at once drop the same.
        """
        where = {"source_epoch": source_epoch, "partition": partition, "keep": KEEP_CHECKPOINTS}
        droppable = self._connection.query(DROPPABLE, where)
        for (partition_id,) in droppable:
            self._connection.query(f"ALTER TABLE {CHECKPOINTS} DROP PARTITION ID '{partition_id}'")
        return len(droppable)

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
        self._connection.close()
        self._loads.close()


def _log_of(checkpoint: Checkpoint) -> tuple[int, int, int]:
    return checkpoint.source_epoch, checkpoint.partition, checkpoint.logic_epoch


def checkpoint_of(row: Sequence[Any]) -> Checkpoint:
    """Build a checkpoint from a row in the order of its fields, its texts as bytes."""
    values = dict(zip(CHECKPOINT_COLUMNS, row, strict=True))
    for name in ("rules_digest", "state_sha256", "worker", "rules"):
        values[name] = values[name].decode()
    return Checkpoint(**values)
