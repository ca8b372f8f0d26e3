"""The flushes that are under way, in two lanes, and what is acknowledged when they are over.

The rows of the paywall have a lane of their own, since they are due every second; playback rows and
checkpoints are long, and take turns in the other. When a row is written never changes its value, so it
does not matter which is over first.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.clock import Clock
from runtime.metrics import WorkerMetrics
from streams.assignment import Group
from streams.sink import Flush, Sink
from warehouse.checkpoints import Checkpoint
from warehouse.writer import QuarantinedLine

Publish = Callable[[Sequence[QuarantinedLine]], Awaitable[None]]


@dataclass(eq=False)
class Share:
    """What is acknowledged when a flush is over.

    Attributes:
        offsets: up to which messages were folded when it began, by partition.
    """

    generation: int | None
    offsets: dict[int, int]
    is_written: bool = False


class Outbox:
    """Writes flushes and acknowledges what they hold. Its methods run on one event loop.

    Guarantee: a checkpoint is written after all flushes that began before it, and a message is
    acknowledged after the first flush that began when it was folded, and all flushes before. What a flush
    raised is raised by the next call that asks for its end.

    Attributes:
        folded: up to which offset each partition was folded since the last flush began.
    """

    def __init__(
        self,
        sink: Sink,
        paywall_sink: Sink,
        group: Group,
        *,
        clock: Clock,
        metrics: WorkerMetrics,
        publish: Publish,
    ) -> None:
        self._sink = sink
        self._paywall_sink = paywall_sink
        self._group = group
        self._clock = clock
        self._metrics = metrics
        self._publish = publish
        self._paywall: asyncio.Task[Any] | None = None
        self._long: asyncio.Task[Any] | None = None
        self.folded: dict[int, int] = {}
        self._generation: int | None = None
        self._shares: deque[Share] = deque()
        self._long_began_at = self._long_ended_at = self._paywall_ended_at = clock.monotonic_s()

    @property
    def away_s(self) -> float:
        """For how long the warehouse has not answered; 0 when it does."""
        return max(self._sink.away_s, self._paywall_sink.away_s)

    @property
    def flushed_at(self) -> float:
        """When the lane that is further behind has last ended a flush."""
        return min(self._long_ended_at, self._paywall_ended_at)

    @property
    def long_for_s(self) -> float:
        """For how long the playback rows or the checkpoint under way are being written; 0 if none are."""
        if self._long is None or self._long.done():
            return 0.0
        return self._clock.monotonic_s() - self._long_began_at

    def begin_paywall(self, flush: Flush) -> None:
        """Begin to write rows of the paywall. The last of them must be over: see `paywall_is_written`."""
        self._paywall = asyncio.create_task(self._write(flush, self._paywall_sink, self._take()))

    def begin_playback(self, flush: Flush) -> None:
        """Begin to write rows of playback. The lane must be free."""
        self._long_began_at = self._clock.monotonic_s()
        self._long = asyncio.create_task(self._write(flush, self._sink, self._take()))

    def begin_checkpoint(self, flush: Flush, stored: Callable[[Checkpoint, float], None]) -> None:
        """Begin to write rows and a checkpoint. The lane must be free.

        `stored` is called with the checkpoint and the seconds that it took.
        """
        self._long_began_at = self._clock.monotonic_s()
        work = self._store(flush, self._take(), self._paywall, stored)
        self._long = asyncio.create_task(work)

    def is_free(self) -> bool:
        """Whether the last long flush is over; raise what it raised."""
        return is_over(self._long)

    async def paywall_is_written(self) -> None:
        """Wait for the rows of the paywall that are under way."""
        await over(self._paywall)

    async def long_is_written(self) -> None:
        """Wait for the playback rows or the checkpoint under way."""
        await over(self._long)

    async def all_is_written(self) -> None:
        """Wait for whatever is under way."""
        await self.paywall_is_written()
        await self.long_is_written()

    def begin_generation(self, generation: int) -> None:
        """What was folded before is not acknowledged in this one."""
        self._generation = generation
        self.folded.clear()

    def _take(self) -> Share:
        share = Share(self._generation, self.folded)
        self.folded = {}
        self._shares.append(share)
        return share

    async def _store(
        self,
        flush: Flush,
        share: Share,
        before: asyncio.Task[Any] | None,
        stored: Callable[[Checkpoint, float], None],
    ) -> None:
        await over(before)  # rows of the paywall that the checkpoint covers
        began = self._clock.monotonic_s()
        checkpoint = await self._write(flush, self._sink, share)
        if checkpoint is not None:
            stored(checkpoint, self._clock.monotonic_s() - began)

    async def _write(self, flush: Flush, sink: Sink, share: Share) -> Checkpoint | None:
        began = self._clock.monotonic_s()
        if flush.lines:
            await self._publish(flush.lines)
        checkpoint = await sink.write(flush)
        for table, rows in flush.rows:
            self._metrics.rows.labels(table.name).inc(len(rows))
        ended = self._clock.monotonic_s()
        if sink is self._paywall_sink:
            self._paywall_ended_at = ended
        else:
            self._long_ended_at = ended
        self._metrics.flush.observe(ended - began)
        self._acknowledge(share)
        return checkpoint

    def _acknowledge(self, share: Share) -> None:
        """Let Faust commit. While rebalancing it would commit inside the join and start another rebalance."""
        share.is_written = True
        while self._shares and self._shares[0].is_written:
            first = self._shares.popleft()
            if first.generation == self._group.generation() and not self._group.rebalancing():
                self._group.acknowledge(first.offsets)


async def over(task: asyncio.Task[Any] | None) -> None:
    """Wait until a task is over; raise what it raised. The wait may be cancelled, the task not."""
    if task is not None:
        await asyncio.wait({task})
        task.result()


def is_over(task: asyncio.Task[Any] | None) -> bool:
    """Whether there is no task, or it has ended well; raise what it raised."""
    if task is None:
        return True
    if task.done():
        task.result()
        return True
    return False
