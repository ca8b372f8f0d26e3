"""A partition that a worker owns: its state, and where it stands with the log and the warehouse."""

from collections.abc import Sequence
from typing import Any

from runtime.cutting import as_kept
from runtime.sealing import Seal, read
from schemas.reasons import Reason
from schemas.tables import CounterTable
from streams.decode import split
from streams.fold import apply
from streams.partition import Partition
from streams.rows import as_tuples
from warehouse.writer import MetDeletion, QuarantinedLine

MS = 1000
HOLE_S = 10.0
"""For what is read again to come; twice as long each time that it did not."""


class Owned:
    """One partition's state, with what is folded and not yet written.

    Attributes:
        fresh: no checkpoint was there, and it is not known yet whether the log still begins at 0.
        waiting: messages that came while the state is being encoded; they are folded right after.
        hole: the lowest offset that came where an earlier one was due, until there is none before it.
        sought_at: when the log was read again because of it; it has `patience_s` to come first again.
        stopped: why it cannot go on by itself, or ''.
        rows_at: when rows of it were last written; so is `checkpointed_at`, by the same clock.
        stored_offset: where the newest checkpoint that is known to be stored ends.
        stored_here: where the newest that this process has stored ends; -1 before the first.
        stored_ms: no message after it is older than this, by the broker's clock; 0: not known yet.
        last_ms: the broker's time of the last message folded.
    """

    def __init__(self, number: int, state: Partition, *, fresh: bool, now_s: float) -> None:
        self.number = number
        self.state = state
        self.fresh = fresh
        self.lines: list[tuple[int, int, Reason, bytes, int]] = []
        self.encoding = False
        self.waiting: list[Any] = []
        self.hole: int | None = None
        self.must_seek = False
        self.sought_at, self.patience_s = 0.0, HOLE_S
        self.stopped = ""
        self.checkpointed_at = self.rows_at = now_s
        self.stored_offset = state.next_offset
        self.stored_here = -1
        self.stored_ms = self.last_ms = 0
        self.checkpoint_cost_s = 0.0  # to encode and to write
        self.checkpoint_bytes = 0

    @property
    def is_stored(self) -> bool:
        """Whether this process has stored a checkpoint that ends where the state does: all of it is written.

        One that was loaded does not count: by its own the first worker of an epoch says how far it is.
        """
        return self.stored_here == self.state.next_offset

    def accepts(self, offset: int) -> bool:
        """Whether an offset comes next. One below was folded before a restart; one past it is a hole.

        A hole is read again from the state. When the same offset comes first once more, nothing is
        in between (control records, compaction), and it is accepted. What was under way when the log was
        read again comes before that, and is higher; a lower offset comes of reading again, and has to
        come first once more itself.
        """
        if offset < self.state.next_offset:
            return False
        if offset > self.state.next_offset:
            if self.hole is None or offset < self.hole:
                self.hole, self.must_seek = offset, True
            if offset != self.hole or self.must_seek:
                return False
        if self.hole is not None:
            self.hole, self.must_seek, self.patience_s = None, False, HOLE_S
        return True

    def fold(self, offset: int, timestamp_ms: int, payload: bytes) -> None:
        """Fold one message; keep its bad lines to be written, the longest of them cut."""
        self.fresh = False
        self.last_ms = timestamp_ms
        self.stored_ms = self.stored_ms or timestamp_ms  # it is the first that no checkpoint covers
        rejects = apply(self.state, offset, timestamp_ms, payload)
        if rejects:
            lines = split(payload)
            self.lines += [(offset, r.line, r.reason, as_kept(lines[r.line]), timestamp_ms) for r in rejects]

    def take_lines(self, source_epoch: int, seal: Seal | None = None) -> list[QuarantinedLine]:
        """Return the bad lines that are not written yet, sealed if there is a seal, and forget them."""
        lines, self.lines = self.lines, []
        return [
            QuarantinedLine(source_epoch, self.number, offset, index, reason, _sealed(line, reason, seal), at)
            for offset, index, reason, line, at in lines
        ]

    def take_deletions(self, source_epoch: int) -> list[MetDeletion]:
        """Return the deletions that were met and are not written yet, and forget them."""
        met, self.state.deletions = self.state.deletions, []
        return [MetDeletion(source_epoch, self.number, *deletion) for deletion in met]

    def take_rows(
        self, tables: Sequence[CounterTable], *, source_epoch: int, logic_epoch: int
    ) -> list[tuple[CounterTable, list[tuple[Any, ...]]]]:
        """Return the rows of some tables that changed since they were last taken. They must be counted."""
        taken = []
        for table in tables:
            dirty = self.state.book.tables[table.name].take_dirty()
            if dirty:
                rows = as_tuples(dirty, source_epoch, self.number, logic_epoch, self.state.next_offset)
                taken.append((table, rows))
        return taken


def _sealed(line: bytes, reason: Reason, seal: Seal | None) -> bytes:
    """A bad line as it is written. What the collector sealed stays so: there is nothing to hide in it."""
    return line if seal is None or read(line) is not None else seal.line(line, reason)
