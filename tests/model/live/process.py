"""A process with all that is real in it: worker, outbox, assignment, checkpointer, edges, two sinks."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from streams.edges import Edges
from streams.outbox import Outbox
from streams.worker import Worker
from tests.model.live.consumer import Consumer
from tests.model.live.lane import Lane, Writes
from tests.model.live.loop import HandLoop
from tests.model.log import Log
from tests.model.warehouse import Warehouse
from tests.model.worker import BrokenPromiseError
from tests.support.hands import Hands

METRICS = WorkerMetrics()


class Process:
    """What streams/app.py wires, and what Faust does with it: one batch, one tick and one stop at a time.

    Attributes:
        jobs: what Faust waits for, by name.
        leaving: whether it was asked to stop.
        handed: the flush that had been asked for last when a new message was first handed to the worker, by
            its partition and offset; until it is acknowledged.
    """

    def __init__(
        self, rng: Random, log: Log, warehouse: Warehouse, clock: Hands, settings: WorkerSettings
    ) -> None:
        self.rng = rng
        self.loop, self.consumer, self.writes = HandLoop(), Consumer(log), Writes()
        wiring: Any = (self.writes, warehouse, settings, clock)
        self.long, self.paywall = Lane(*wiring), Lane(*wiring)
        common: Any = {"clock": clock, "metrics": METRICS}
        self.outbox = Outbox(self.long, self.paywall, self.consumer, publish=self._publish, **common)
        self.worker = Worker(settings, log.rules, self.long, self.outbox, self.consumer, **common)
        faust: Any = self.consumer
        self.edges = Edges(faust, self.consumer, self.worker, METRICS)
        self.jobs: dict[str, Any] = {}
        self.leaving = False
        self.handed: dict[tuple[int, int], int] = {}

    @property
    def lanes(self) -> tuple[Lane, Lane]:
        return self.long, self.paywall

    @property
    def has_read_all(self) -> bool:
        """Whether it knows what it owns, and has handed all of it to the worker."""
        waits = {"load", "take"} & self.jobs.keys() or self.consumer.moving
        return not waits and self.has_no_hole and self.consumer.is_at_the_end()

    @property
    def has_no_hole(self) -> bool:
        """Whether all that it has read is folded, up to what it reads next."""
        return not any(o.waiting or o.hole is not None for o in self.worker.partitions.values())

    def run(self, most: int) -> None:
        """Let it take so many steps. What left a job would have ended the process."""
        self.loop.run(most)
        for name, job in list(self.jobs.items()):
            if job.done():
                del self.jobs[name]
                if error := job.exception():
                    raise AssertionError(f"ended the process: {name}, {error!r}") from error
        while self.consumer.acknowledged:
            self._acknowledged(self.consumer.acknowledged.pop(0))

    def fetch(self, many: Callable[[], int]) -> None:
        """Read some messages of each partition, unless the flow is suspended."""
        if not self.consumer.moving:
            for number in self.consumer.numbers:
                self.consumer.fetch(number, many())

    def take(self, most: int) -> None:
        """Hand something to the worker, when it is done with the last."""
        if self.consumer.buffer and "take" not in self.jobs:
            fetch = self.consumer.hand_on(most)
            folded = self.worker.positions()
            for record in fetch.records:
                if record.offset >= folded.get(record.partition, 0):
                    self.handed.setdefault((record.partition, record.offset), self.writes.asked)
            self._begin("take", self.worker.take(fetch))

    def tick(self) -> None:
        """What the timer does, when it is over with the last time."""
        if "tick" not in self.jobs:
            self._begin("tick", self._tick())

    def leave_generation(self) -> None:
        """The group prepares to rebalance: the flow is suspended, and what is under way goes on."""
        self.consumer.moving = True

    def join_generation(self) -> None:
        """The group has settled, as far as this process is told."""
        if self.consumer.coming is not None:
            self.consumer.told()
            self._begin("load", self._load(self.jobs.get("load")))

    def stop(self) -> None:
        """SIGTERM."""
        if not self.leaving:
            self.leaving = True
            self._begin("finish", self.worker.finish())

    def kill(self) -> list[Callable[[], Any]]:
        """SIGKILL. Return what was under way to the warehouse, which may still arrive."""
        under_way = [lane.jobs[0].work for lane in self.lanes if lane.jobs]
        self.loop.kill()
        self.jobs.clear()
        return under_way

    async def _tick(self) -> None:
        await self.edges.look_after_holes()
        await self.worker.tick()

    async def _load(self, before: Any) -> None:
        """Load, then go on reading where the states end, unless the group has moved on again."""
        if before is not None:
            await asyncio.wait({before})
            before.result()
        generation = self.consumer.known
        await self.worker.load(self.consumer.numbers)
        if generation == self.consumer.known and self.consumer.coming is None:
            self.consumer.positions = self.worker.positions()
            if self.rng.random() < 0.5:
                self.consumer.buffer.clear()
            self.consumer.moving = False

    def _begin(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        self.jobs[name] = self.loop.create_task(work)

    async def _publish(self, lines: Any) -> None:
        """The topic has them, a moment later; nobody reads it here."""
        await asyncio.sleep(0)

    def _acknowledged(self, offsets: dict[int, int]) -> None:
        """A message is acknowledged after a flush that began when it had been folded."""
        for number, offset in list(self.handed):
            if offset < offsets.get(number, 0):
                after = self.handed.pop((number, offset))
                if self.writes.ended <= after:
                    raise BrokenPromiseError(f"acknowledged, not written: {offset} of partition {number}")
