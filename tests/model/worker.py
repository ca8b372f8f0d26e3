"""A worker whose every step is taken by hand, around the real fold, counter, codec and sink.

It follows the numbered protocol of streams/worker.py: count and take rows, write lines and rows,
checkpoint, acknowledge. What the real one does between two awaits is one step here, so a schedule can
crash it, take its partitions away or leave it behind between any two of them.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from runtime.clock import SystemClock
from runtime.errors import WarehouseAwayError
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES, CounterTable
from streams import checkpoint as codec
from streams.checkpointing import Checkpointer
from streams.cold import sweep
from streams.count import count_all, count_for
from streams.owned import Owned
from streams.partition import Partition
from streams.sink import Flush, Sink
from streams.worker import PAYWALL_TABLES, PLAYBACK_TABLES
from tests.model.log import Log
from tests.model.warehouse import Warehouse

SETTINGS = WorkerSettings()
CADENCES = (PAYWALL_TABLES, PLAYBACK_TABLES, PAYWALL_TABLES + PLAYBACK_TABLES)
Rows = list[tuple[CounterTable, list[tuple[Any, ...]]]]


class Pending(NamedTuple):
    """A flush under way, and the next offset of each partition that it acknowledges."""

    flush: Flush
    acknowledges: dict[int, int]


class BrokenPromiseError(AssertionError):
    """An offset was acknowledged before what it stands for was written."""


class Ways:
    """How a worker does what exactness rests on. A mutant overrides one of them."""

    acknowledges_first = False
    trusts_the_commit = False

    def accepts(self, owned: Owned, offset: int) -> bool:
        """Whether to fold an offset."""
        return owned.accepts(offset)

    def before_fold(self, owned: Owned, offset: int, now_ms: int) -> None:
        """What happens before a message is folded."""

    def rows(self, owned: Owned, taken: Rows, now_ms: int) -> Rows:
        """The rows as they are written."""
        return taken

    def loaded(self, state: Partition) -> Partition:
        """The state as it was loaded."""
        return state

    def write(self, sink: Sink, flush: Flush) -> None:
        """Write a flush."""
        sink._write(flush)


class Worker:
    """One process. It does not know whether its partitions are still its own.

    Attributes:
        positions: of each partition, the offset that its consumer reads next.
        skew_ms: what its clock is wrong by.
    """

    def __init__(
        self,
        log: Log,
        warehouse: Warehouse,
        ways: Ways,
        skew_ms: int,
        settings: WorkerSettings = SETTINGS,
        rules: FoldRules | None = None,
    ) -> None:
        self.log = log
        self.settings = settings
        self.rules = rules or log.rules
        self.warehouse = warehouse
        self.ways = ways
        self.skew_ms = skew_ms
        self.sink = Sink(warehouse, settings, SystemClock())  # type: ignore[arg-type]
        self.checkpointer = Checkpointer(settings, self.rules, SystemClock())
        self.owned: dict[int, Owned] = {}
        self.positions: dict[int, int] = {}
        self.pending: Pending | None = None
        self.packed: tuple[int, list[bytes]] | None = None

    def load(self, number: int, position: int | None) -> None:
        """Take over a partition. The consumer stands at the state, or at any position."""
        state = self.sink._load(number, self.rules)
        owned = Owned(number, state or Partition(self.rules), fresh=state is None, now_s=0.0)
        owned.state = self.ways.loaded(owned.state)
        self.owned[number] = owned
        self.positions[number] = owned.state.next_offset if position is None else position
        if self.ways.trusts_the_commit:
            self.positions[number] = self.log.committed[number]

    def deliver(self, number: int, now_ms: int) -> bool:
        """Let the consumer hand over its next message of a partition; return whether there was one."""
        offset, owned = self.positions[number], self.owned[number]
        if offset >= self.log.end(number):
            return False
        self.positions[number] += 1
        if owned.encoding:
            owned.waiting.append(offset)
        else:
            self._fold(owned, offset, now_ms)
        return True

    def begin_flush(self, tables: Sequence[CounterTable], now_ms: int) -> None:
        """Step 1: count, and take the rows that changed. The flush before it must have been written."""
        assert self.pending is None
        lines, rows, deletions = [], [], []
        for owned in self.owned.values():
            if not owned.encoding:
                count_for(owned.state, tables)
            rows += self._take(owned, tables, now_ms)
            lines += owned.take_lines(self.settings.source_epoch)
            deletions += owned.take_deletions(self.settings.source_epoch)
        self._start(Flush(lines, rows, deletions=deletions))

    def begin_checkpoint(self, number: int) -> None:
        """Count everything, pack what is silent, and encode; from here on the partition only waits."""
        assert self.packed is None
        owned = self.owned[number]
        count_all(owned.state)
        owned.encoding = True
        sweep(owned.state, list(owned.state.viewers))
        self.packed = number, list(codec.encode(owned.state))

    def write_checkpoint(self, now_ms: int) -> None:
        """Step 3: take every row that is still unwritten, and the checkpoint after them."""
        assert self.pending is None
        assert self.packed is not None
        number, chunks = self.packed
        owned, self.packed = self.owned[number], None
        row = partial(self.checkpointer.row, self.checkpointer.facts(owned), chunks)
        rows = self._take(owned, COUNTER_TABLES, now_ms)
        lines = owned.take_lines(self.settings.source_epoch)
        deletions = owned.take_deletions(self.settings.source_epoch)
        self._start(Flush(lines, rows, row, deletions=deletions))
        owned.encoding = False
        waiting, owned.waiting = owned.waiting, []
        for offset in waiting:
            self._fold(owned, offset, now_ms)

    def write(self, *, acknowledges: bool) -> bool:
        """Steps 2 to 4: write, then acknowledge. Return whether the warehouse said that it has it all."""
        assert self.pending is not None
        if self.ways.acknowledges_first and acknowledges:
            self._acknowledge(self.pending)
        try:
            self.ways.write(self.sink, self.pending.flush)
        except WarehouseAwayError:
            return False
        if acknowledges:
            self._acknowledge(self.pending)
        self.pending = None
        return True

    def drain(self, now_ms: int) -> None:
        """Finish what is under way, read every partition to its end, leave a checkpoint of each."""
        if self.packed is not None:
            self._settle()
            self.write_checkpoint(now_ms)
        for number in self.owned:
            while self.deliver(number, now_ms):
                pass
        for number in self.owned:
            self._settle()
            self.begin_checkpoint(number)
            self.write_checkpoint(now_ms)
        self._settle()

    def _settle(self) -> None:
        while self.pending is not None:
            self.write(acknowledges=False)

    def _fold(self, owned: Owned, offset: int, now_ms: int) -> None:
        if self.ways.accepts(owned, offset):
            self.ways.before_fold(owned, offset, now_ms + self.skew_ms)
            message = self.log.partitions[owned.number][offset]
            owned.fold(offset, message.timestamp_ms, message.payload)
        elif owned.must_seek:
            owned.must_seek = False
            self.positions[owned.number] = owned.state.next_offset

    def _take(self, owned: Owned, tables: Sequence[CounterTable], now_ms: int) -> Rows:
        taken = owned.take_rows(
            tables, source_epoch=self.settings.source_epoch, logic_epoch=self.settings.logic_epoch
        )
        return self.ways.rows(owned, taken, now_ms + self.skew_ms)

    def _start(self, flush: Flush) -> None:
        folded = {number: owned.state.next_offset for number, owned in self.owned.items()}
        self.pending = Pending(flush, folded)

    def _acknowledge(self, pending: Pending) -> None:
        """Step 4. What is acknowledged was written: that is its promise."""
        for table, rows in pending.flush.rows:
            for row in rows:
                if not self.warehouse.holds(table.name, row):
                    raise BrokenPromiseError(f"acknowledged, not written: {table.name} {row}")
        for number, offset in pending.acknowledges.items():
            self.log.committed[number] = max(self.log.committed[number], offset)
