"""Long work takes turns, and does not leave the fold behind."""

import asyncio
from types import SimpleNamespace

import pytest

from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from streams.outbox import Outbox
from streams.partition import Partition
from streams.worker import Worker
from tests.support.hands import Hands
from tests.unit.streams.folded import RULES
from tests.unit.streams.test_rebalance import Group

SETTINGS = WorkerSettings()
ROUNDS = 12


class Warehouse:
    """A sink whose flushes wait until they may go."""

    away_s = 0.0

    def __init__(self):
        self.go = asyncio.Event()
        self.go.set()
        self.written = []

    async def load(self, number, rules, give_up):
        del number, give_up
        return Partition(rules)

    async def write(self, flush):
        await self.go.wait()
        self.written.append("checkpoint" if flush.checkpoint else "rows")
        return SimpleNamespace(state=b"", next_offset=0) if flush.checkpoint else None


@pytest.fixture
async def clock():
    return Hands(1000.0)


@pytest.fixture
async def lanes():
    return SimpleNamespace(long=Warehouse(), paywall=Warehouse())


@pytest.fixture
async def worker(clock, lanes):
    common = {"clock": clock, "metrics": WorkerMetrics()}
    outbox = Outbox(lanes.long, lanes.paywall, Group(), publish=lambda _: None, **common)
    found = Worker(SETTINGS, RULES, lanes.long, outbox, Group(), **common)
    await found.load([0, 1])
    return found


async def pause():
    """Let everything run that can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_checkpoints_come_though_playback_is_always_due(worker, clock, lanes):
    for _ in range(ROUNDS):
        clock.now += 2 * SETTINGS.checkpoint_s
        await worker.tick()
        await pause()
    assert lanes.long.written.count("checkpoint") >= ROUNDS // 2 - 1
    assert lanes.long.written.count("rows") >= ROUNDS // 2 - 1


async def test_a_long_lane_that_stalls_holds_the_fold(worker, clock, lanes):
    lanes.long.go.clear()
    clock.now += SETTINGS.checkpoint_s
    await worker.tick()
    await pause()
    assert worker.outbox.long_for_s == 0
    clock.now += SETTINGS.checkpoint_s + 1
    assert worker.outbox.long_for_s > SETTINGS.checkpoint_s
    held = asyncio.ensure_future(worker.tick())
    await pause()
    assert not held.done()
    assert clock.now - worker.outbox.flushed_at > SETTINGS.checkpoint_s, "health must tell"
    lanes.long.go.set()
    await held
