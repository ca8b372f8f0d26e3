"""From a fetch to the states: which messages are folded, and what is told of them."""

import asyncio
from operator import sub

from runtime.clock import Clock
from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from streams.assignment import Assignment
from streams.fetch import Fetch, Record
from streams.outbox import Outbox
from streams.owned import Owned

YIELD_AFTER_S = 0.02
LONG_S = 0.1
LAG_LASTS_S = 2.0


class Intake:
    """Folds what is fetched into the states of an assignment; tells the outbox how far it has come.

    Attributes:
        stopped: whether nothing more is to be folded.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        assignment: Assignment,
        outbox: Outbox,
        *,
        clock: Clock,
        metrics: WorkerMetrics,
    ) -> None:
        self.stopped = False
        self._settings = settings
        self._assignment = assignment
        self._outbox = outbox
        self._clock = clock
        self._metrics = metrics
        self._outcomes = [metrics.lines.labels(name) for name in ("applied", "redundant", "excluded")]
        self._lagged_at = clock.monotonic_s() - LAG_LASTS_S

    @property
    def lags(self) -> bool:
        """Whether a fetch was full just now, or took long."""
        return self._clock.monotonic_s() - self._lagged_at < LAG_LASTS_S

    async def fold_all(self, fetch: Fetch) -> bool:
        """Fold in slices, between which others have their turn; return whether it came to the end.

        What was fetched in another generation than that of the assignment is dropped: it is read again.
        """
        began = taken_at = self._clock.monotonic_s()
        if fetch.generation != self._assignment.generation:
            return False
        for record in fetch.records:
            if self.stopped or self._assignment.has_moved_on(fetch.generation):
                return False
            self.fold(record)
            now = self._clock.monotonic_s()
            if now - began > YIELD_AFTER_S:
                self._metrics.fold_seconds.inc(now - began)
                await asyncio.sleep(0)
                began = self._clock.monotonic_s()
        now = self._clock.monotonic_s()
        self._metrics.fold_seconds.inc(now - began)
        if len(fetch.records) >= self._settings.take_messages or now - taken_at > LONG_S:
            self._lagged_at = now
        return True

    def fold(self, record: Record) -> None:
        """Fold a message, unless its partition is not owned, or is being encoded: then it waits."""
        owned = self._assignment.partitions.get(record.partition)
        if owned is None or owned.stopped:
            return
        if owned.encoding:
            owned.waiting.append(record)
        elif owned.accepts(record.offset):
            tally = owned.state.tally
            before = tally.applied, tally.redundant, tally.excluded, len(owned.lines)
            owned.fold(record.offset, record.timestamp, record.value or b"")
            self._tell(owned, before)
            self._outbox.folded[record.partition] = owned.state.next_offset
        elif record.offset < owned.state.next_offset:
            self._outbox.folded[record.partition] = owned.state.next_offset

    def fold_waiting(self, owned: Owned) -> None:
        """Fold what came while the partition was being encoded."""
        owned.encoding = False
        waiting, owned.waiting = owned.waiting, []
        for record in waiting:
            self.fold(record)

    def _tell(self, owned: Owned, before: tuple[int, int, int, int]) -> None:
        tally = owned.state.tally
        now = tally.applied, tally.redundant, tally.excluded
        self._metrics.messages.inc()
        for counter, more in zip(self._outcomes, map(sub, now, before), strict=True):
            if more:
                counter.inc(more)
        for line in owned.lines[before[3] :]:
            self._metrics.lines.labels("quarantined").inc()
            self._metrics.quarantined.labels(line[2]).inc()
