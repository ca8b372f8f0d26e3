"""Where a partition begins that has no checkpoint, whatever broker, warehouse and group do meanwhile."""

from types import SimpleNamespace

import pytest

from runtime.errors import CheckpointError
from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from streams.draining import Drain
from streams.edges import ASK_AGAIN_S, Edges
from streams.outbox import Outbox
from streams.owned import HOLE_S
from streams.partition import Partition
from streams.sink import Sink
from streams.worker import Worker
from tests.contracts.memory_warehouse import MemoryWarehouse
from tests.support.hands import Hands
from tests.unit.streams.folded import RULES


class World:
    """A broker that says where partitions begin, a group, a warehouse, a worker that owns three partitions.

    Attributes:
        begins: by partition; an exception is raised. A list is answered one after the other.
        sought: what was sought, in order; acknowledged: up to where, by partition.
    """

    def __init__(self):
        self.begins, self.sought, self.acknowledged, self.now = {}, [], {}, 1
        self.clock, self.warehouse = Hands(1000.0), MemoryWarehouse()
        common = {"clock": self.clock, "metrics": WorkerMetrics()}
        settings = WorkerSettings()
        self.sink = Sink(self.warehouse, settings, self.clock)
        outbox = Outbox(self.sink, self.sink, self, publish=lambda _: None, **common)
        self.worker = Worker(settings, RULES, self.sink, outbox, self, **common)
        app = SimpleNamespace(consumer=self)
        self.edges = Edges(app, self, self.worker, common["metrics"])

    def generation(self):
        return self.now

    def rebalancing(self):
        return False

    def acknowledge(self, offsets):
        self.acknowledged |= offsets

    async def begin_of(self, tp, within_s):
        said = self.begins.get(tp.partition, 0)
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(said, Exception):
            raise said
        return said

    def go_on_at(self, where):
        self.sought += [(tp.partition, offset) for tp, offset in where.items()]

    def stored(self):
        return {n: [c.next_offset for c in self.warehouse.newest_checkpoints(1, n, 1)] for n in range(3)}

    def stopped(self):
        return {n for n, owned in self.worker.partitions.items() if owned.stopped}


@pytest.fixture
async def world():
    made = World()
    await made.worker.load([0, 1, 2])
    yield made
    made.sink.close()


async def test_a_log_that_is_whole_needs_no_beginning(world):
    await world.edges.look_after_holes()
    assert world.stored() == {0: [], 1: [], 2: []}
    assert not any(owned.fresh for owned in world.worker.partitions.values())
    assert world.sought == []


async def test_a_partition_without_a_leader_does_not_hold_up_the_others(world):
    world.begins = {0: TimeoutError(), 1: 50, 2: 60}
    await world.edges.look_after_holes()
    assert world.stored() == {0: [], 1: [50], 2: [60]}
    assert world.sought == [(1, 50), (2, 60)]
    assert world.acknowledged == {1: 50, 2: 60}
    world.begins[0] = 70
    await world.edges.look_after_holes()
    assert world.stored()[0] == [], "it is not asked at every tick"
    world.clock.now += ASK_AGAIN_S
    await world.edges.look_after_holes()
    assert world.stored()[0] == [70]


async def test_what_is_deleted_while_the_warehouse_is_asked_is_not_where_it_begins(world):
    world.begins = {0: [50, 80]}
    await world.edges.look_after_holes()
    assert world.stored()[0] == [80]
    assert world.stopped() == set()


async def test_what_somebody_else_has_begun_meanwhile_is_loaded_by_who_starts_anew(world, monkeypatch):
    world.begins = {0: 50}
    others = Partition(RULES)
    others.next_offset = 70

    async def load(number, rules, give_up):
        return others

    monkeypatch.setattr(world.sink, "load", load)
    with pytest.raises(CheckpointError, match="somebody else has begun partition 0, and is at offset 70"):
        await world.edges.look_after_holes()
    assert world.stored()[0] == []


async def test_who_lost_its_partitions_while_it_asked_begins_nothing(world, monkeypatch):
    asked = world.sink.why_from_zero

    async def and_lost(number, give_up):
        world.now += 1
        return await asked(number, lambda: False)

    world.begins = {0: 50}
    monkeypatch.setattr(world.sink, "why_from_zero", and_lost)
    await world.edges.look_after_holes()
    assert world.stored() == {0: [], 1: [], 2: []}
    assert world.stopped() == set()


async def test_a_partition_is_not_folded_in_mid_log_before_it_has_begun(world):
    """The group moved on while it began, it stayed, and what came first twice was taken for the next."""
    world.begins = {0: 50}
    owned = world.worker.partitions[0]
    assert not owned.accepts(50)
    world.now += 1
    await world.edges.look_after_holes()
    assert owned.fresh
    await world.worker.load([0, 1, 2])
    assert world.worker.partitions[0] is owned
    assert not owned.accepts(50)
    await world.edges.look_after_holes()
    assert world.stored()[0] == [50]
    assert owned.accepts(50)


async def test_a_log_that_is_whole_is_not_read_again_because_it_was_folded_meanwhile(world):
    owned = world.worker.partitions[0]

    async def and_fold():
        owned.fold(0, 1_700_000_000_000, b"{}")
        return 0

    assert await world.worker.begin(owned, and_fold) == ""
    await world.edges.look_after_holes()
    assert world.sought == []


async def test_what_moved_to_another_worker_that_has_begun_it_ends_nobody(world):
    world.begins = dict.fromkeys(range(3), 50)
    orphan = world.worker.partitions[2]
    world.now += 1
    await world.worker.load([0, 1])
    await world.edges.look_after_holes()
    assert await world.worker.begin(orphan, lambda: world.begin_of(SimpleNamespace(partition=2), 1)) == ""
    assert world.stored() == {0: [50], 1: [50], 2: []}


async def test_why_a_partition_has_stopped_is_written_before_a_drain_ends(world):
    world.worker.partitions[1].fresh = False
    world.worker.partitions[1].must_seek = True
    world.begins = {1: 50}
    await world.edges.look_after_holes()
    await world.worker.store()
    assert [told.partition for told in world.warehouse.breaks] == [1]


async def test_a_drain_is_over_when_what_has_not_stopped_is_read(world):
    world.begins = {1: 50}
    world.worker.partitions[1].fresh = False
    world.worker.partitions[1].must_seek = True
    await world.edges.look_after_holes()
    assert world.stopped() == {1}

    async def ends_now():
        return {0: 0, 1: 90, 2: 0}

    drain = Drain(world.worker, world, SimpleNamespace(ends_now=ends_now))
    assert await drain.is_over()


async def test_a_hole_that_comes_late_has_ever_longer_to_come(world):
    await world.edges.look_after_holes()
    owned = world.worker.partitions[0]
    waited = []
    for _ in range(3):
        assert not owned.accepts(2)
        await world.edges.look_after_holes()
        began = world.clock.now
        while owned.hole is not None:
            world.clock.now += 1
            await world.edges.look_after_holes()
        waited.append(world.clock.now - began)
    assert waited == [pytest.approx(HOLE_S * 2**n, abs=2) for n in range(3)]
    assert not owned.accepts(2)
    await world.edges.look_after_holes()
    assert owned.accepts(2)
    assert owned.patience_s == HOLE_S
