"""The protocol of a worker: load, fold, flush, checkpoint, acknowledge, in the order that keeps it exact.

A flush takes these steps, and each waits for the one before:

1. Count what was touched, and take the rows that changed, with their full values.
2. Write the quarantined lines, then the rows; retried until the warehouse has them.
3. When a checkpoint is due: every row of the partition that is still unwritten, then one checkpoint.
4. Only then acknowledge the messages, unless the group is rebalancing. What Kafka commits is a hint and
   an honest lag; the checkpoint is the truth.

One flush is under way at a time; folding goes on meanwhile, and waits when the next is due.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

from runtime.clock import Clock
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
from streams.checkpoint import encode
from streams.checkpointing import Checkpointer
from streams.count import count_all, count_for
from streams.invariants import Guard
from streams.owned import MS, Owned
from streams.partition import Partition
from streams.sink import Flush, Sink
from warehouse.writer import MetDeletion, QuarantinedLine

log = logging.getLogger(__name__)

PAYWALL_TABLES = (PAYWALL_MINUTES, UNLOCK_MINUTES)
PLAYBACK_TABLES = (EPISODE_MINUTES, VIEWER_DAYS)
YIELD_AFTER_S = 0.02
LAG_PATIENCE = 4
"""A worker whose batches are full, or take longer than they took to gather, lags: what it writes of
playback is old already, and it writes it less often."""
LAG_LASTS_S = 2.0


class Group(Protocol):
    """What a worker asks its consumer group."""

    def generation(self) -> int:
        """The generation of the group that the assignment belongs to."""

    def rebalancing(self) -> bool:
        """Whether the group is between two assignments: then nothing may be acknowledged."""


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
        group: Group,
        *,
        clock: Clock,
        metrics: WorkerMetrics,
        publish: Callable[[Sequence[QuarantinedLine]], Awaitable[None]],
        seal: Seal | None = None,
    ) -> None:
        self.settings = settings
        self.rules = rules
        self.sink = sink
        self.group = group
        self.clock = clock
        self.metrics = metrics
        self.publish = publish
        self.seal = seal
        self.partitions: dict[int, Owned] = {}
        self.busy = asyncio.Lock()
        self.stopping = False
        self.generation: int | None = None
        self.flushed_at = clock.monotonic_s()
        self._paywall_at = self._playback_at = self.flushed_at
        self._lagged_at = self.flushed_at - LAG_LASTS_S
        self._writing: asyncio.Task[None] | None = None
        self._checkpointing: asyncio.Task[None] | None = None
        self._unacknowledged: list[Any] = []
        self._checkpointer = Checkpointer(settings, rules, clock)
        self.guard = Guard(settings, clock, metrics)

    async def load(self, numbers: Sequence[int]) -> None:
        """Take over partitions: load their checkpoints. Gives up when the group moves on meanwhile."""
        generation = self.group.generation()
        async with self.busy:
            self._forget_other(generation)
            began = self.clock.monotonic_s()
            missing = sorted(set(numbers) - set(self.partitions))
            for number in missing:
                give_up = partial(self._has_moved_on, generation)
                state = await self.sink.load(number, self.rules, give_up)
                if give_up():
                    return
                owned = Owned(
                    number,
                    state or Partition(self.rules),
                    fresh=state is None,
                    now_s=self.clock.monotonic_s(),
                )
                self.partitions[number] = owned
                self.guard.loaded(owned)
            self.metrics.assigned.set(len(self.partitions))
            log.info(
                "loaded %d partitions with %d viewers in %.2f s",
                len(missing),
                sum(len(self.partitions[number].state.viewers) for number in missing),
                self.clock.monotonic_s() - began,
            )
        log.info("generation %s: %s", generation, self._positions())

    async def take(self, batch: Sequence[Any]) -> None:
        """Fold a batch of Faust events and flush what is due."""
        async with self.busy:
            if self.stopping:
                return
            generation = self.group.generation()
            self._forget_other(generation)
            began = taken_at = self.clock.monotonic_s()
            for event in batch:
                if event.message.generation_id == generation:
                    self._fold(event)
                if self.clock.monotonic_s() - began > YIELD_AFTER_S:
                    self.metrics.fold_seconds.inc(self.clock.monotonic_s() - began)
                    await asyncio.sleep(0)
                    if self._has_moved_on(generation):
                        return
                    began = self.clock.monotonic_s()
            self.metrics.fold_seconds.inc(self.clock.monotonic_s() - began)
            took_s = self.clock.monotonic_s() - taken_at
            if len(batch) >= self.settings.take_messages or took_s > 2 * self.settings.take_within_s:
                self._lagged_at = self.clock.monotonic_s()
            await self._flush_due()
        self._checkpoint_due()

    async def tick(self) -> None:
        """Flush what no message will flush; called every half second."""
        async with self.busy:
            if self.stopping or self._has_moved_on(self.generation):
                return
            await self._flush_due()
        self._checkpoint_due()

    async def finish(self) -> None:
        """Write everything and a last checkpoint of each partition; take no batch after it."""
        async with self.busy:
            await _settled(self._checkpointing)
            await self._written()
            if not self._has_moved_on(self.generation):
                for owned in self.partitions.values():
                    if not owned.stopped:
                        self._fold_waiting(owned)
                        count_all(owned.state)
                        await self._write_checkpoint(owned, list(encode(owned.state)))
                await self._written()
            self.stopping = True

    def positions(self) -> dict[int, int]:
        """The next offset of each partition: where a consumer must go on."""
        return {number: owned.state.next_offset for number, owned in self.partitions.items()}

    def _fold(self, event: Any) -> None:
        message = event.message
        owned = self.partitions.get(message.partition)
        if owned is None or owned.stopped:
            return
        if owned.encoding:
            owned.waiting.append(event)
        elif owned.accepts(message.offset):
            tally = owned.state.tally
            before = tally.applied, tally.redundant, tally.excluded, len(owned.lines)
            owned.fold(message.offset, round(message.timestamp * MS), message.value or b"")
            self._tell(owned, before)
            self._unacknowledged.append(event)
        elif message.offset < owned.state.next_offset:
            self._unacknowledged.append(event)

    def _fold_waiting(self, owned: Owned) -> None:
        owned.encoding = False
        waiting, owned.waiting = owned.waiting, []
        for event in waiting:
            self._fold(event)

    def _tell(self, owned: Owned, before: tuple[int, int, int, int]) -> None:
        tally, lines = owned.state.tally, self.metrics.lines
        self.metrics.messages.inc()
        for outcome, now, then in (
            ("applied", tally.applied, before[0]),
            ("redundant", tally.redundant, before[1]),
            ("excluded", tally.excluded, before[2]),
        ):
            if now > then:
                lines.labels(outcome).inc(now - then)
        for line in owned.lines[before[3] :]:
            lines.labels("quarantined").inc()
            self.metrics.quarantined.labels(line[2]).inc()

    async def _flush_due(self) -> None:
        now = self.clock.monotonic_s()
        patience = LAG_PATIENCE if now - self._lagged_at < LAG_LASTS_S else 1
        tables: tuple[CounterTable, ...] = ()
        if now - self._paywall_at >= self.settings.paywall_flush_s:
            self._paywall_at = now
            tables += PAYWALL_TABLES
        if now - self._playback_at >= self.settings.playback_flush_s * patience:
            self._playback_at = now
            tables += PLAYBACK_TABLES
        if not tables:
            return
        await self._written()
        rows: dict[str, tuple[CounterTable, list[tuple[Any, ...]]]] = {}
        lines: list[QuarantinedLine] = []
        deletions: list[MetDeletion] = []
        for owned in list(self.partitions.values()):
            if not owned.encoding:
                count_for(owned.state, tables)
            for table, some in self._take_rows(owned, tables):
                rows.setdefault(table.name, (table, []))[1].extend(some)
                owned.rows_at = now
            lines += owned.take_lines(self.settings.source_epoch, self.seal)
            deletions += owned.take_deletions(self.settings.source_epoch)
            await asyncio.sleep(0)
        self.guard.look(self.partitions.values(), away_s=self.sink.away_s)
        breaks = self.guard.take()
        self._start_writing(Flush(lines, list(rows.values()), breaks=breaks, deletions=deletions))

    def _take_rows(self, owned: Owned, tables: Sequence[CounterTable]) -> list[Any]:
        return owned.take_rows(
            tables, source_epoch=self.settings.source_epoch, logic_epoch=self.settings.logic_epoch
        )

    def _start_writing(self, flush: Flush, owned: Owned | None = None) -> None:
        events, self._unacknowledged = self._unacknowledged, []
        self._writing = asyncio.create_task(self._write(flush, events, owned, owned.last_ms if owned else 0))

    async def _write(self, flush: Flush, events: list[Any], owned: Owned | None, until_ms: int) -> None:
        began = self.clock.monotonic_s()
        if flush.lines:
            await self.publish(flush.lines)
        checkpoint = await self.sink.write(flush)
        for table, rows in flush.rows:
            self.metrics.rows.labels(table.name).inc(len(rows))
        if owned is not None and checkpoint is not None:
            owned.checkpointed_at = self.clock.monotonic_s()
            owned.checkpoint_cost_s += owned.checkpointed_at - began
            owned.checkpoint_bytes = len(checkpoint.state)
            owned.stored_offset, owned.stored_ms = checkpoint.next_offset, until_ms
            self.guard.checkpointed(owned, checkpoint.next_offset)
            owned.fresh = False
        self.flushed_at = self.clock.monotonic_s()
        self.metrics.flush.observe(self.flushed_at - began)
        self._acknowledge(events)

    def _acknowledge(self, events: list[Any]) -> None:
        """Let Faust commit. While rebalancing it would commit inside the join and start another rebalance."""
        if self.group.rebalancing():
            return
        generation = self.group.generation()
        for event in events:
            if event.message.generation_id == generation:
                event.ack()

    async def _written(self) -> None:
        """Wait for the flush under way; raise what it raised. The wait may be cancelled, the flush not."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
            self._writing.result()
            self._writing = None

    def _checkpoint_due(self) -> None:
        """Start a checkpoint when a partition is due and none is under way; raise what the last raised."""
        if self._checkpointing is not None:
            if not self._checkpointing.done():
                return
            self._checkpointing.result()
        owned = self._checkpointer.due(self.partitions.values())
        if owned is not None:
            self._checkpointing = asyncio.create_task(self._checkpoint(owned, self.generation))

    async def _checkpoint(self, owned: Owned, generation: int | None) -> None:
        """Encode a partition in slices, between which the others are folded, and write the checkpoint."""
        async with self.busy:
            if self._has_moved_on(generation) or self.stopping:
                return
            count_all(owned.state)
            owned.encoding = True
        chunks = await self._checkpointer.encode(owned)
        async with self.busy:
            if self._has_moved_on(generation) or self.stopping:
                return
            self.metrics.checkpoint.observe(owned.checkpoint_cost_s)
            await self._write_checkpoint(owned, chunks)
            self._fold_waiting(owned)

    async def _write_checkpoint(self, owned: Owned, chunks: list[bytes]) -> None:
        """Write all rows of a partition that are still unwritten, then its checkpoint."""
        await self._written()
        rows = self._take_rows(owned, COUNTER_TABLES)
        lines = owned.take_lines(self.settings.source_epoch, self.seal)
        deletions = owned.take_deletions(self.settings.source_epoch)
        row = partial(self._checkpointer.row, self._checkpointer.facts(owned), chunks)
        self._start_writing(Flush(lines, rows, row, deletions=deletions), owned)

    def _forget_other(self, generation: int) -> None:
        """Drop all states when the group has moved on: what this worker owns, it loads again."""
        if generation != self.generation:
            self.partitions.clear()
            self._unacknowledged.clear()
            self.metrics.forget_partitions()
            self.generation = generation

    def _has_moved_on(self, generation: int | None) -> bool:
        return self.group.generation() != generation

    def _positions(self) -> str:
        return ", ".join(f"{number}@{offset}" for number, offset in self.positions().items()) or "none"


async def _settled(task: asyncio.Task[None] | None) -> None:
    """Wait until a task is over, whatever its end; it must not be waiting for what the caller holds."""
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task})
