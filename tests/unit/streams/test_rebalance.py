"""What a worker keeps and what it loads when the group moves on."""

from types import SimpleNamespace

import pytest

from runtime.clock import SystemClock
from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from streams.fetch import Fetch
from streams.outbox import Outbox
from streams.partition import Partition
from streams.worker import Worker
from tests.unit.oracle.events import start
from tests.unit.streams.folded import RULES, message


class Warehouse:
    """A sink that remembers what it was asked for and given."""

    away_s = 0.0

    def __init__(self):
        self.loaded, self.rows = [], []

    async def load(self, number, rules, give_up):
        self.loaded.append(number)
        return Partition(rules)

    async def write(self, flush):
        self.rows += [(table.name, row) for table, rows in flush.rows for row in rows]


class Group:
    """A group whose generation the test moves on."""

    now = 1

    def generation(self):
        return self.now

    def rebalancing(self):
        return False

    def acknowledge(self, offsets):
        self.acknowledged = offsets


class Pipeline:
    """A worker between them."""

    def __init__(self):
        self.warehouse, self.group = Warehouse(), Group()
        common = {"clock": SystemClock(), "metrics": WorkerMetrics()}
        self.outbox = Outbox(self.warehouse, self.warehouse, self.group, publish=lambda _: None, **common)
        settings = WorkerSettings(playback_flush_s=1e-9, paywall_flush_s=60)
        self.worker = Worker(settings, RULES, self.warehouse, self.outbox, self.group, **common)

    async def own(self, numbers, generation):
        self.group.now = generation
        self.warehouse.loaded.clear()
        await self.worker.load(numbers)
        return self.warehouse.loaded

    async def take(self, offset, generation):
        timestamp_ms, value = message([start(f"p{offset}")])
        record = SimpleNamespace(partition=0, offset=offset, timestamp=timestamp_ms, value=value)
        await self.worker.take(Fetch.of(generation, [record]))


@pytest.fixture
def pipeline():
    return Pipeline()


async def test_only_what_is_new_is_loaded(pipeline):
    assert await pipeline.own([0, 1], 1) == [0, 1]
    kept = pipeline.worker.partitions[1]
    assert await pipeline.own([1, 2], 2) == [2]
    assert pipeline.worker.partitions[1] is kept
    assert sorted(pipeline.worker.partitions) == [1, 2]


async def test_what_was_somebody_elses_in_between_is_loaded_again(pipeline):
    await pipeline.own([0, 1], 1)
    assert await pipeline.own([1], 2) == []
    assert await pipeline.own([0, 1], 3) == [0]


@pytest.mark.parametrize("generation", [4, 1])
async def test_after_generations_without_this_worker_everything_is_loaded_again(pipeline, generation):
    await pipeline.own([0, 1], 2)
    assert await pipeline.own([0, 1], generation) == [0, 1]


async def test_a_partition_that_stopped_is_tried_again(pipeline):
    await pipeline.own([0, 1], 1)
    pipeline.worker.partitions[0].stopped = "the log does not reach back so far"
    assert await pipeline.own([0, 1], 2) == [0]


async def test_a_partition_that_stays_goes_on_where_it_was(pipeline):
    await pipeline.own([0], 1)
    await pipeline.take(0, generation=1)
    await pipeline.own([0], 2)
    await pipeline.take(1, generation=1)
    assert pipeline.worker.positions() == {0: 1}
    await pipeline.take(1, generation=2)
    assert pipeline.worker.positions() == {0: 2}


async def test_what_a_rebalance_kept_from_being_acknowledged_is_after_it(pipeline):
    await pipeline.own([0, 1], 1)
    await pipeline.take(0, generation=1)
    await pipeline.own([0, 1], 2)
    assert pipeline.outbox.folded == {0: 1}


async def test_nothing_is_folded_before_the_partitions_of_the_generation_are_there(pipeline):
    await pipeline.own([0], 1)
    pipeline.group.now = 2
    await pipeline.take(0, generation=2)
    assert pipeline.worker.positions() == {0: 0}


async def test_rows_that_were_taken_are_written_though_the_group_moves_on(pipeline):
    await pipeline.own([0], 1)
    await pipeline.take(0, generation=1)
    pipeline.group.now = 2
    await pipeline.worker.finish()
    assert {name for name, _ in pipeline.warehouse.rows} >= {"episode_minutes"}
