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


class Event:
    """A message of the current generation, which remembers that it was acknowledged."""

    message = SimpleNamespace(generation_id=1)
    acknowledged = False

    def ack(self):
        self.acknowledged = True


class Lanes:
    """An outbox between two lanes that are moved by hand."""

    def __init__(self):
        self.written, self.stored, self.is_rebalancing = [], [], False
        self.long, self.paywall = Lane("long", self.written), Lane("paywall", self.written)
        self.outbox = Outbox(
            self.long,
            self.paywall,
            self,
            clock=SystemClock(),
            metrics=WorkerMetrics(),
            publish=lambda _: None,
        )

    def generation(self):
        return 1

    def rebalancing(self):
        return self.is_rebalancing

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
    event = Event()
    lanes.outbox.unacknowledged.append(event)
    lanes.outbox.begin_paywall(Flush())
    assert not event.acknowledged
    lanes.paywall.go.set()
    await lanes.outbox.all_is_written()
    assert event.acknowledged


async def test_nothing_is_acknowledged_while_the_group_rebalances(lanes):
    event, lanes.is_rebalancing = Event(), True
    lanes.outbox.unacknowledged.append(event)
    lanes.outbox.begin_paywall(Flush())
    lanes.paywall.go.set()
    await lanes.outbox.all_is_written()
    assert not event.acknowledged
