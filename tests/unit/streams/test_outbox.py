"""Two lanes: what is long does not hold up the paywall, and a checkpoint comes after what it covers."""

import asyncio
from types import SimpleNamespace

import pytest

from runtime.clock import SystemClock
from runtime.errors import WarehouseRefusedError
from runtime.metrics import WorkerMetrics
from streams.outbox import Outbox
from streams.sink import Flush


class Lane:
    """A sink that holds each flush until it is let go, and says what was written."""

    away_s = 0.0

    def __init__(self, name, written):
        self.name = name
        self.written = written
        self.go = asyncio.Event()
        self.error = None

    async def write(self, flush):
        await self.go.wait()
        if self.error:
            raise self.error
        self.written.append((self.name, flush.checkpoint is not None))
        return SimpleNamespace() if flush.checkpoint else None


class Lanes:
    """An outbox between two lanes that are moved by hand."""

    def __init__(self):
        self.written, self.stored, self.acknowledged = [], [], []
        self.now, self.is_rebalancing = 1, False
        self.long, self.paywall = Lane("long", self.written), Lane("paywall", self.written)
        self.outbox = Outbox(
            self.long,
            self.paywall,
            self,
            clock=SystemClock(),
            metrics=WorkerMetrics(),
            publish=lambda _: None,
        )
        self.outbox.begin_generation(1)

    def generation(self):
        return self.now

    def rebalancing(self):
        return self.is_rebalancing

    def acknowledge(self, offsets):
        self.acknowledged.append(offsets)

    async def write_paywall(self, **folded):
        self.outbox.folded.update(folded)
        self.outbox.begin_paywall(Flush())
        self.paywall.go.set()
        await self.outbox.paywall_is_written()

    def begin_checkpoint(self):
        self.outbox.begin_checkpoint(Flush(checkpoint=lambda: None), lambda *it: self.stored.append(it))


@pytest.fixture
async def lanes():
    return Lanes()


async def test_playback_under_way_does_not_hold_up_the_paywall(lanes):
    lanes.outbox.begin_playback(Flush())
    lanes.outbox.begin_paywall(Flush())
    lanes.paywall.go.set()
    await lanes.outbox.paywall_is_written()
    assert lanes.written == [("paywall", False)]
    assert not lanes.outbox.is_free()


async def test_a_checkpoint_waits_for_the_rows_of_the_paywall_that_it_covers(lanes):
    lanes.outbox.begin_paywall(Flush())
    lanes.begin_checkpoint()
    lanes.long.go.set()
    lanes.paywall.go.set()
    await lanes.outbox.all_is_written()
    assert lanes.written == [("paywall", False), ("long", True)]
    assert len(lanes.stored) == 1


async def test_a_checkpoint_is_not_written_when_rows_that_it_covers_are_refused(lanes):
    lanes.paywall.error = WarehouseRefusedError("no such column")
    lanes.outbox.begin_paywall(Flush())
    lanes.begin_checkpoint()
    lanes.long.go.set()
    lanes.paywall.go.set()
    with pytest.raises(WarehouseRefusedError):
        await lanes.outbox.long_is_written()
    with pytest.raises(WarehouseRefusedError):
        await lanes.outbox.paywall_is_written()
    assert (lanes.written, lanes.stored) == ([], [])


async def test_messages_are_acknowledged_when_their_flush_is_written(lanes):
    lanes.outbox.folded["0"] = 7
    lanes.outbox.begin_paywall(Flush())
    assert lanes.acknowledged == []
    lanes.paywall.go.set()
    await lanes.outbox.all_is_written()
    assert lanes.acknowledged == [{"0": 7}]


async def test_messages_are_acknowledged_once(lanes):
    await lanes.write_paywall(a=7)
    await lanes.write_paywall(b=3)
    assert lanes.acknowledged == [{"a": 7}, {"b": 3}]


async def test_what_comes_later_is_not_acknowledged_before_what_is_still_being_written(lanes):
    """Kafka commits one offset a partition: it would pass over the rows of the other lane."""
    lanes.outbox.folded["a"] = 7
    lanes.outbox.begin_playback(Flush())
    await lanes.write_paywall(a=9)
    assert lanes.acknowledged == []
    lanes.long.go.set()
    await lanes.outbox.all_is_written()
    assert lanes.acknowledged == [{"a": 7}, {"a": 9}]


async def test_nothing_is_acknowledged_while_the_group_rebalances(lanes):
    lanes.is_rebalancing = True
    await lanes.write_paywall(a=7)
    assert lanes.acknowledged == []


async def test_what_was_folded_in_one_generation_is_not_acknowledged_in_the_next(lanes):
    lanes.outbox.folded["a"] = 7
    lanes.outbox.begin_generation(2)
    lanes.now = 2
    await lanes.write_paywall(b=3)
    lanes.now = 3
    await lanes.write_paywall(c=1)
    assert lanes.acknowledged == [{"b": 3}]
