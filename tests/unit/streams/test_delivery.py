"""What is read is handed on a fetch at a time, in its order, and not while the flow is suspended."""

import asyncio
from collections import defaultdict
from types import MappingProxyType, SimpleNamespace

import pytest
from aiokafka.errors import IllegalStateError
from faust.transport.drivers.aiokafka import Consumer

from streams.delivery import MOST_AHEAD_BYTES, FetchConsumer

TP, OTHER = "events-3", "events-4"
ENOUGH, GATHER_S = 3, 0.05


def record(offset, value=b"123"):
    return SimpleNamespace(partition=3, offset=offset, timestamp=0, value=value)


class Flow(FetchConsumer):
    """A consumer whose log is a list of fetches; it remembers what was done in which order."""

    should_stop = False
    consumer_stopped_errors = (RuntimeError,)
    flow_active = True
    transport = None

    def __init__(self, *log):
        self.log, self.done = list(log), []
        self.suspend_flow, self.resumed = asyncio.Event(), asyncio.Event()
        self.resumed.set()
        self.app = SimpleNamespace(consumer_generation_id=5, monitor=SimpleNamespace(stream_inbound_time={}))
        self._acked = {}
        self._committed_offset = defaultdict(lambda: None)
        self._go_on_at = MappingProxyType({})
        self.queue = asyncio.Queue(maxsize=4)
        self.queue.put = self.put
        self.feed(self.queue, enough=ENOUGH, gather_s=GATHER_S)

    async def put(self, fetch):
        """As a queue of Faust: not while its flow is suspended."""
        await self.resumed.wait()
        self.queue.put_nowait(fetch)

    def assignment(self):
        return {TP}

    async def sleep(self, seconds):
        self.done.append(seconds)
        self.should_stop = not self.log
        await asyncio.sleep(0)

    async def seek_wait(self, where):
        self.done.append(("seek", where))

    async def perform_seek(self):
        self.done.append("seek again")
        if not self.flow_active:
            self.should_stop = True

    async def _wait_next_records(self, timeout):  # noqa: ASYNC109 -- as Faust has it
        del timeout
        self.done.append("fetch")
        return self.log.pop(0), None

    async def wait_first(self, work, suspended):
        waiting = [asyncio.ensure_future(work), asyncio.ensure_future(suspended)]
        done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return done

    async def run(self):
        await self._drain_messages(SimpleNamespace(should_stop=False))
        return [self.queue.get_nowait() for _ in range(self.queue.qsize())]


@pytest.mark.parametrize("method", ["_drain_messages", "_new_offset", "_wait_next_records", "perform_seek"])
def test_faust_has_the_methods_that_are_leant_on(method):
    assert any(method in vars(ancestor) for ancestor in Consumer.__mro__)


async def test_a_fetch_is_handed_on_as_one_in_its_order():
    flow = Flow({TP: [record(1), record(2)], OTHER: [record(7, b"1"), record(8, None)]})
    (fetch,) = await flow.run()
    assert [one.offset for one in fetch.records] == [1, 2, 7, 8]
    assert (fetch.generation, fetch.size) == (5, 7)
    assert set(flow.app.monitor.stream_inbound_time) == {TP, OTHER}


async def test_after_a_short_fetch_it_waits_for_more_to_come():
    flow = Flow({TP: [record(n) for n in range(ENOUGH)]}, {TP: [record(ENOUGH)]}, {})
    assert len(await flow.run()) == 2
    assert flow.done == ["fetch", 0, "fetch", GATHER_S, "fetch", 0]


async def test_what_comes_while_the_flow_is_suspended_is_read_again():
    flow = Flow({TP: [record(1)]})
    flow.flow_active = False
    assert await flow.run() == []
    assert flow.done == ["fetch", "seek again"]


async def test_a_partition_that_went_away_is_not_read_again():
    flow = Flow({TP: [record(1)]})
    flow.flow_active = False

    async def refused():
        flow.should_stop = True
        raise IllegalStateError("not assigned")

    flow.perform_seek = refused
    assert await flow.run() == []


async def test_what_waits_for_the_flow_is_dropped_when_it_is_suspended_again():
    flow = Flow({TP: [record(1)]})
    flow.resumed.clear()
    flow.suspend_flow.set()
    assert await flow.run() == []


async def test_the_log_is_read_again_only_between_two_fetches():
    flow = Flow({TP: [record(1)]}, {TP: [record(3)]})
    fetch = flow._wait_next_records

    async def with_a_hole(seconds):
        if len(flow.log) == 2:
            flow.go_on_at({TP: 2, OTHER: 9})
        return await fetch(seconds)

    flow._wait_next_records = with_a_hole
    await flow.run()
    assert flow.done == ["fetch", GATHER_S, ("seek", {TP: 2}), "fetch", GATHER_S]


async def test_nothing_is_read_before_the_agent_runs():
    flow = Flow({TP: [record(1)]})
    flow._into = None
    assert not flow._has_room()


async def test_nothing_more_is_read_while_much_is_waiting():
    """A worker that caught up held as many messages as a buffer of 16,384 takes, of up to a megabyte each."""
    flow = Flow({TP: [record(1, bytes(MOST_AHEAD_BYTES))]}, {TP: [record(2, b"1")]}, {TP: [record(3)]})
    await flow._read()
    assert flow._has_room()
    await flow._read()
    assert not flow._has_room()
    flow.queue.get_nowait()
    assert flow._has_room()


async def test_nothing_more_is_read_while_the_queue_is_full():
    flow = Flow()
    for _ in range(flow.queue.maxsize):
        assert flow._has_room()
        await flow.queue.put(SimpleNamespace(size=0))
    assert not flow._has_room()


async def test_faust_commits_the_newest_that_is_acknowledged_and_once():
    flow = Flow()
    flow.acknowledge({TP: 5})
    flow.acknowledge({TP: 8, OTHER: 2})
    asked = list(flow._filter_tps_with_pending_acks())
    assert flow._filter_committable_offsets(asked) == {TP: 8, OTHER: 2}
    assert list(flow._filter_tps_with_pending_acks()) == []


async def test_faust_commits_nothing_that_lies_before_where_it_began():
    flow = Flow()
    flow._committed_offset[TP] = 8
    flow.acknowledge({TP: 8})
    assert flow._filter_committable_offsets([TP]) == {}
