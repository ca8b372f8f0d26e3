"""The protocol of a worker: load, fold, flush, checkpoint, acknowledge, in the order that keeps it exact.

A flush is of some tables, and takes these steps; each waits for the one before:

1. Count what was touched, and take the rows that changed, with their full values.
2. Write the quarantined lines, then the rows; retried until the warehouse has them.
3. When a checkpoint is due: every row of the partition that is still unwritten, then one checkpoint, after
   all flushes that began earlier.
4. Only then acknowledge the messages, unless the group is rebalancing. What Kafka commits is a hint and
   an honest lag; the checkpoint is the truth.

Two flushes may be under way (outbox.py): one of the paywall tables, due every second, and one of the playback
tables or a checkpoint, which are long, and begin when the last of them is over. When a row is written never
changes its value, so it does not matter which is over first. Folding goes on meanwhile, and waits when the
next flush of the paywall tables is due and the last is not over: an outage of the warehouse holds it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from runtime.clock import Clock
from runtime.errors import CheckpointError
from runtime.metrics import WorkerMetrics
from runtime.sealing import Seal
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from schemas.tables import (
    COUNTER_TABLES,
    EPISODE_MINUTES,
    PAYWALL_MINUTES,
    UNLOCK_MINUTES,
    VIEWER_DAYS,
    CounterTable,
)
from streams.assignment import Assignment, Group
from streams.checkpoint import encode
from streams.checkpointing import Checkpointer
from streams.count import count_all, count_for
from streams.fetch import Fetch
from streams.intake import Intake
from streams.invariants import Guard
from streams.outbox import Outbox, is_over, over
from streams.owned import Owned
from streams.sink import Flush, Sink
from warehouse.checkpoints import Checkpoint
from warehouse.writer import MetDeletion, QuarantinedLine

log = logging.getLogger(__name__)

PAYWALL_TABLES = (PAYWALL_MINUTES, UNLOCK_MINUTES)
PLAYBACK_TABLES = (EPISODE_MINUTES, VIEWER_DAYS)
LAG_PATIENCE = 4
"""What a worker that lags writes of playback is old already, and it writes it less often."""

Rows = dict[str, tuple[CounterTable, list[tuple[Any, ...]]]]
"""Rows to be written, by the name of their table."""


class Worker:
    """Folds the partitions it owns. The methods run on one event loop; `busy` keeps them apart.

    Guarantee: whatever is killed at whatever moment, the rows with the highest versions are those of a
    fold of the whole log once some worker has read to its end.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        rules: FoldRules,
        sink: Sink,
        outbox: Outbox,
        group: Group,
        *,
        clock: Clock,
        metrics: WorkerMetrics,
        seal: Seal | None = None,
    ) -> None:
        self.settings = settings
        self.rules = rules
        self.sink = sink
        self.outbox = outbox
        self.group = group
        self.clock = clock
        self.metrics = metrics
        self.seal = seal
        self.assignment = Assignment(rules, group, clock)
        self.busy = asyncio.Lock()
        self.intake = Intake(settings, self.assignment, outbox, clock=clock, metrics=metrics)
        self._paywall_at = self._playback_at = clock.monotonic_s()
        self._long_work: asyncio.Task[None] | None = None
        self._played_last = False
        self._checkpointer = Checkpointer(settings, rules, clock)
        self.guard = Guard(settings, clock, metrics)

    @property
    def partitions(self) -> dict[int, Owned]:
        """The states of the partitions that it owns, by number."""
        return self.assignment.partitions

    def positions(self) -> dict[int, int]:
        """The next offset of each partition: where a consumer must go on."""
        return self.assignment.positions()

    async def load(self, numbers: Sequence[int]) -> None:
        """Own these partitions: load those that are new. Gives up when the group moves on."""
        generation = self.group.generation()  # that these are of: it may move on while this waits
        async with self.busy:
            if self.assignment.keep_what_stayed(numbers, generation):
                self.outbox.begin_generation(generation)
                self.metrics.forget_partitions()
            await self.assignment.load(numbers, self.sink, self.guard.loaded)
            self.outbox.folded.update((n, at) for n, at in self.positions().items() if at)
            self.metrics.assigned.set(len(self.partitions))

    async def begin(self, owned: Owned, where: Callable[[], Awaitable[int]]) -> str:
        """Let a partition without a checkpoint be counted from where the log begins; return why not, or ''.

        From later than 0 only if nothing of it was ever counted; its first checkpoint says so before anything
        else of it is written, and whoever comes next begins there too. Raises CheckpointError when somebody
        else has begun it meanwhile: who starts anew loads that. `where` asks the broker, and is asked again
        when the warehouse has answered, which may take long.
        """
        begins = await where()
        async with self.busy:
            if not self._may_begin(owned):
                return ""
            if begins:
                give_up = partial(self.assignment.has_moved_on, self.assignment.generation)
                await self._expect_state(owned.number, None)
                why = await self.sink.why_from_zero(owned.number, give_up)
                begins = await where()
                if why or not self._may_begin(owned):
                    return why
                self.outbox.folded[owned.number] = owned.state.next_offset = begins
                await self._write_checkpoint(owned, list(encode(owned.state)))
                await self.outbox.long_is_written()
                await self._expect_state(owned.number, begins)
            owned.fresh = False
        return ""

    def _may_begin(self, owned: Owned) -> bool:
        return owned.fresh and self.assignment.owns(owned) and not self.assignment.is_stale

    async def _expect_state(self, number: int, at: int | None) -> None:
        """Raise CheckpointError unless the newest state of a partition ends there; for None, is none.

        If the group has moved on meanwhile, it is somebody else's, and nothing is wrong: it is dropped here.
        """
        give_up = partial(self.assignment.has_moved_on, self.assignment.generation)
        state = await self.sink.load(number, self.rules, give_up)
        found = None if state is None else int(state.next_offset)
        if found == at:
            return
        if not self.assignment.is_stale:
            raise CheckpointError(f"somebody else has begun partition {number}, and is at offset {found}")
        self.partitions.pop(number, None)

    async def take(self, fetch: Fetch) -> None:
        """Fold what was fetched and flush what is due."""
        async with self.busy:
            if not await self.intake.fold_all(fetch):
                return
            await self._flush_due()
        self._begin_long_work()

    async def tick(self) -> None:
        """Flush what no message will flush; called every half second."""
        async with self.busy:
            if self.intake.stopped or self.assignment.is_stale:
                return
            await self._flush_due()
        self._begin_long_work()

    async def finish(self) -> None:
        """Store everything; fold nothing after it."""
        self.intake.stopped = True
        await self.store()

    async def store(self) -> bool:
        """Write all there is, and a checkpoint of each partition that has moved since its last.

        Return whether every partition is stored as it is; not when the group has moved on, or when other
        long work has begun meanwhile.
        """
        await over(self._long_work)
        async with self.busy:
            if not is_over(self._long_work):
                return False
            await self.outbox.all_is_written()
            if self.assignment.is_stale:
                return False
            owned_now = [owned for owned in self.partitions.values() if not owned.stopped]
            for owned in owned_now:
                self.intake.fold_waiting(owned)
                if not (owned.is_stored or owned.fresh):
                    count_all(owned.state)
                    await self._write_checkpoint(owned, list(encode(owned.state)))
            if breaks := self.guard.take():
                self.outbox.begin_paywall(Flush(breaks=breaks))
            await self.outbox.all_is_written()
            return all(owned.is_stored for owned in owned_now)

    async def _flush_due(self) -> None:
        """Begin to write the rows of the paywall and what was set aside, by the clock: without drift."""
        now, every_s = self.clock.monotonic_s(), self.settings.paywall_flush_s
        if now - self._paywall_at < every_s:
            return
        self._paywall_at = max(self._paywall_at + every_s, now - every_s / 2)
        await self.outbox.paywall_is_written()
        if self.outbox.long_for_s > self.settings.checkpoint_s:
            await self.outbox.long_is_written()  # or what is folded and not written would grow without end
        rows: Rows = {}
        lines: list[QuarantinedLine] = []
        deletions: list[MetDeletion] = []
        for owned in list(self.partitions.values()):
            self._count(owned, PAYWALL_TABLES, rows)
            lines += owned.take_lines(self.settings.source_epoch, self.seal)
            deletions += owned.take_deletions(self.settings.source_epoch)
            await asyncio.sleep(0)
        self.guard.look(self.partitions.values(), away_s=self.outbox.away_s)
        flush = Flush(lines, list(rows.values()), breaks=self.guard.take(), deletions=deletions)
        self.outbox.begin_paywall(flush)

    def _begin_long_work(self) -> None:
        """Begin what is due and long, one thing at a time; raise what the last raised."""
        if not self.outbox.is_free() or not is_over(self._long_work) or self.intake.stopped:
            return
        now = self.clock.monotonic_s()
        every_s = self.settings.playback_flush_s * (LAG_PATIENCE if self.intake.lags else 1)
        is_due = now - self._playback_at >= every_s
        owned = None
        if self._played_last or not is_due:  # so that neither waits for ever behind the other
            owned = self._checkpointer.due(self.partitions.values())
        if owned is not None:
            self._long_work = asyncio.create_task(self._checkpoint(owned))
        elif is_due:
            self._playback_at = now
            self._long_work = asyncio.create_task(self._flush_playback())
        self._played_last = is_due and owned is None

    async def _flush_playback(self) -> None:
        """Count playback partition by partition, between which others are folded, and begin to write it.

        What was taken of some partitions is written even if the worker is about to stop, or the group has
        moved on: it will not be taken again.
        """
        rows: Rows = {}
        for owned in list(self.partitions.values()):
            async with self.busy:
                if self.assignment.owns(owned):
                    self._count(owned, PLAYBACK_TABLES, rows)
        self.outbox.begin_playback(Flush(rows=list(rows.values())))

    def _count(self, owned: Owned, tables: Sequence[CounterTable], rows: Rows) -> None:
        """Count what falls on some tables; add their rows that changed."""
        if not owned.encoding:
            count_for(owned.state, tables)
        for table, some in self._take_rows(owned, tables):
            rows.setdefault(table.name, (table, []))[1].extend(some)
            owned.rows_at = self.clock.monotonic_s()

    def _take_rows(self, owned: Owned, tables: Sequence[CounterTable]) -> list[Any]:
        return owned.take_rows(
            tables, source_epoch=self.settings.source_epoch, logic_epoch=self.settings.logic_epoch
        )

    async def _checkpoint(self, owned: Owned) -> None:
        """Encode a partition in slices, between which the others are folded, and write the checkpoint."""
        async with self.busy:
            if not self.assignment.owns(owned) or self.intake.stopped:
                return
            owned.encoding = True
        chunks = await self._checkpointer.encode(owned)
        async with self.busy:
            if not self.assignment.owns(owned) or self.intake.stopped:
                return
            self.metrics.checkpoint.observe(owned.checkpoint_cost_s)
            await self._write_checkpoint(owned, chunks)
            self.intake.fold_waiting(owned)

    async def _write_checkpoint(self, owned: Owned, chunks: list[bytes]) -> None:
        """Begin to write all rows of a partition that are still unwritten, then its checkpoint."""
        await self.outbox.long_is_written()
        rows = self._take_rows(owned, COUNTER_TABLES)
        lines = owned.take_lines(self.settings.source_epoch, self.seal)
        deletions = owned.take_deletions(self.settings.source_epoch)
        row = partial(self._checkpointer.row, self._checkpointer.facts(owned), chunks)
        flush = Flush(lines, rows, row, deletions=deletions)
        self.outbox.begin_checkpoint(flush, partial(self._stored, owned, owned.last_ms))

    def _stored(self, owned: Owned, until_ms: int, checkpoint: Checkpoint, took_s: float) -> None:
        owned.checkpointed_at = self.clock.monotonic_s()
        owned.checkpoint_cost_s += took_s
        owned.checkpoint_bytes = len(checkpoint.state)
        owned.stored_offset = owned.stored_here = checkpoint.next_offset
        owned.stored_ms = until_ms
        self.guard.checkpointed(owned, checkpoint.next_offset)
