"""When a worker that reads the log to its end is through: not before everything is stored."""

import asyncio
from types import SimpleNamespace

import pytest

from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from streams.draining import Drain
from streams.fetch import Fetch
from streams.outbox import Outbox
from streams.worker import Worker
from tests.support.hands import Hands
from tests.unit.oracle.events import start
from tests.unit.streams.folded import RULES, message


async def at_zero():
    return 0


class Warehouse:
    """A sink that keeps checkpoints, and writes only while it is open."""

    away_s = 0.0

    def __init__(self):
        self.stored, self.rows = [], []
        self.open = asyncio.Event()
        self.open.set()

    async def load(self, number, rules, give_up):
        return None

    async def write(self, flush):
        await self.open.wait()
        self.rows += [row for _, rows in flush.rows for row in rows]
        if flush.checkpoint is None:
            return None
        self.stored.append(flush.checkpoint())
        return self.stored[-1]


class Group:
    """A group, and a log, whose ends the test sets."""

    def __init__(self):
        self.now, self.moving, self.ends = 1, False, {}

    def generation(self):
        return self.now

    def rebalancing(self):
        return self.moving

    def acknowledge(self, offsets):
        self.acknowledged = offsets

    async def ends_now(self):
        return dict(self.ends)


class Draining:
    """A worker that drains."""

    def __init__(self):
        self.warehouse, self.group, self.clock = Warehouse(), Group(), Hands(1000.0)
        common = {"clock": self.clock, "metrics": WorkerMetrics()}
        outbox = Outbox(self.warehouse, self.warehouse, self.group, publish=lambda _: None, **common)
        settings = WorkerSettings(playback_flush_s=60, paywall_flush_s=60)
        self.worker = Worker(settings, RULES, self.warehouse, outbox, self.group, **common)
        self.drain = Drain(self.worker, self.group, self.group)

    async def own(self, numbers, ends):
        self.group.ends = dict(zip(numbers, ends, strict=True))
        await self.worker.load(numbers)
        for owned in self.worker.partitions.values():
            await self.worker.begin(owned, at_zero)

    async def read(self, partition, offset):
        timestamp_ms, value = message([start(f"p{partition}-{offset}")])
        record = SimpleNamespace(partition=partition, offset=offset, timestamp=timestamp_ms, value=value)
        await self.worker.take(Fetch.of(self.group.now, [record]))

    def offsets(self):
        return {checkpoint.partition: checkpoint.next_offset for checkpoint in self.warehouse.stored}


@pytest.fixture
async def draining():
    return Draining()


async def test_it_is_through_when_what_it_has_read_is_stored(draining):
    await draining.own([0], [2])
    await draining.read(0, 0)
    assert not await draining.drain.is_over()
    assert draining.warehouse.stored == []
    await draining.read(0, 1)
    assert await draining.drain.is_over()
    assert draining.offsets() == {0: 2}
    assert draining.warehouse.rows


async def test_it_waits_for_the_warehouse(draining):
    await draining.own([0], [1])
    await draining.read(0, 0)
    draining.warehouse.open.clear()
    asked = asyncio.ensure_future(draining.drain.is_over())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not asked.done()
    draining.warehouse.open.set()
    assert await asked


async def test_checkpoints_that_are_always_due_do_not_hold_it_up(draining):
    """With twelve partitions one falls due at each tick: it took a round of all of them."""
    await draining.own([0, 1], [1, 0])
    await draining.read(0, 0)
    draining.clock.now += 60
    await draining.worker.tick()
    assert draining.worker._long_work is not None
    assert await draining.drain.is_over()


async def test_who_is_not_told_yet_that_the_group_has_moved_on_is_not_through(draining):
    """Another one had drained and left: this one stopped before it had written anything, with exit code 0."""
    await draining.own([0], [1])
    await draining.read(0, 0)
    draining.group.moving = True
    assert not await draining.drain.is_over()
    draining.group.moving, draining.group.now = False, 2
    assert not await draining.drain.is_over()
    await draining.own([0, 1], [1, 1])
    assert not await draining.drain.is_over()
    await draining.read(1, 0)
    assert await draining.drain.is_over()
    assert draining.offsets() == {0: 1, 1: 1}


async def test_who_owns_nothing_waits_for_what_the_others_leave(draining):
    await draining.own([], [])
    assert not await draining.drain.is_over()


async def test_what_comes_later_is_not_waited_for(draining):
    await draining.own([0], [1])
    assert not await draining.drain.is_over()
    draining.group.ends = {0: 1_000}
    await draining.read(0, 0)
    assert await draining.drain.is_over()


async def test_a_stop_writes_no_checkpoint_twice(draining):
    await draining.own([0, 1], [1, 0])
    await draining.read(0, 0)
    assert await draining.drain.is_over()
    assert draining.offsets() == {0: 1, 1: 0}
    await draining.worker.finish()
    assert len(draining.warehouse.stored) == 2


async def test_a_partition_of_which_nobody_knows_where_it_begins_is_not_over(draining):
    draining.group.ends = {0: 0}
    await draining.worker.load([0])
    assert not await draining.drain.is_over()
    assert draining.warehouse.stored == []
    await draining.worker.begin(draining.worker.partitions[0], at_zero)
    assert await draining.drain.is_over()
