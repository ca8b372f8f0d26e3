"""What is read is handed on a fetch at a time, in its order, and not while the flow is suspended."""

import asyncio
from types import MappingProxyType, SimpleNamespace

import pytest
from aiokafka.errors import IllegalStateError
from faust.tables import recovery
from faust.transport.drivers.aiokafka import Consumer, ConsumerRebalanceListener
from faust.types import tuples
from mode.utils.queues import FlowControlEvent, ThrowableQueue

from streams.delivery import AHEAD_WAITS_S, ENOUGH_BYTES, MOST_AHEAD_BYTES, FetchConsumer, Listener
from streams.fetch import RECORD_BYTES

TP, OTHER = tuples.TP("events", 3), tuples.TP("events", 4)
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
        self.suspend_flow, self.can_resume_flow, self.resumed = (asyncio.Event() for _ in range(3))
        self.resumed.set()
        monitor = SimpleNamespace(stream_inbound_time={})
        self.app = SimpleNamespace(consumer_generation_id=5, rebalancing_count=0, monitor=monitor)
        self._acked = {}
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

    def positions(self):
        return {3: 70}

    async def seek_wait(self, where):
        self.done.append(("seek", where))

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


@pytest.mark.parametrize(
    "method", ["_drain_messages", "_new_offset", "_should_commit", "_wait_next_records", "resume_flow"]
)
def test_faust_has_the_methods_that_are_leant_on(method):
    assert any(method in vars(ancestor) for ancestor in Consumer.__mro__)


async def test_a_fetch_is_handed_on_as_one_in_its_order():
    flow = Flow({TP: [record(1), record(2)], OTHER: [record(7, b"1"), record(8, None)]})
    (fetch,) = await flow.run()
    assert [one.offset for one in fetch.records] == [1, 2, 7, 8]
    assert (fetch.generation, fetch.size) == (5, 7 + 4 * RECORD_BYTES)
    assert set(flow.app.monitor.stream_inbound_time) == {TP, OTHER}


async def test_after_a_short_fetch_it_waits_for_more_to_come():
    flow = Flow({TP: [record(n) for n in range(ENOUGH)]}, {TP: [record(ENOUGH)]}, {})
    assert len(await flow.run()) == 2
    assert flow.done == ["fetch", 0, "fetch", GATHER_S, "fetch", 0]


async def test_after_a_few_large_messages_it_does_not_wait():
    flow = Flow({TP: [record(1, bytes(ENOUGH_BYTES))]})
    await flow.run()
    assert flow.done == ["fetch", 0]


async def test_a_fetch_is_of_the_generation_in_which_it_arrives():
    """Where it began to wait is another matter: what is of an old generation is never folded."""
    flow = Flow({TP: [record(1)]})
    fetch = flow._wait_next_records

    async def moved_on(seconds):
        flow.app.consumer_generation_id = 6
        return await fetch(seconds)

    flow._wait_next_records = moved_on
    assert [one.generation for one in await flow.run()] == [6]


async def test_what_comes_while_the_flow_is_suspended_is_dropped_and_read_again_when_it_is_resumed():
    flow = Flow({TP: [record(1)]}, {})
    flow.flow_active = False
    await flow._read()
    assert flow.queue.empty()
    flow.resume_flow()
    await flow._read()
    assert flow.done == ["fetch", 0, ("seek", {TP: 70}), "fetch", 0]


class Faust:
    """As much of an app as the recovery of Faust resumes, with its real flow control."""

    consumer_generation_id = 5
    rebalancing_count = 0
    conf = SimpleNamespace(broker_request_timeout=1)

    def __init__(self, consumer):
        self.consumer, self.monitor = consumer, consumer.app.monitor
        self.flow_control = FlowControlEvent(initially_suspended=False)
        self.on_rebalance_complete = SimpleNamespace(send=self.nothing)
        self._fetcher = SimpleNamespace(maybe_start=self.nothing)

    async def nothing(self):
        """Nobody listens."""

    def on_rebalance_end(self):
        """It is over."""


class Recovery:
    """The real way in which Faust resumes after a rebalance."""

    _resume_streams = recovery.Recovery._resume_streams
    log = SimpleNamespace(dev=print, info=print)
    tables = SimpleNamespace(on_actives_ready=list, on_standbys_ready=list)

    def __init__(self, app):
        self.app, self.completed = app, asyncio.Event()

    def _is_changelog_tp(self, tp):
        return False

    async def _wait(self, work, timeout):  # noqa: ASYNC109 -- as Faust has it
        await work


async def test_what_comes_between_the_last_seek_of_faust_and_its_resume_is_read_again():
    """It was cleared from the queue with the position past it: at the end of the log it was never read."""
    flow = Flow({TP: [record(70)]}, {})
    flow.app = faust = Faust(flow)
    queue = ThrowableQueue(4, flow_control=faust.flow_control, clear_on_resume=True)
    flow.feed(queue, enough=ENOUGH, gather_s=GATHER_S)
    flow.perform_seek, flow.resume_partitions = flow._read, list
    await Recovery(faust)._resume_streams(5)
    assert queue.empty()
    await flow._read()
    assert flow.done == ["fetch", GATHER_S, ("seek", {TP: 70}), "fetch", 0]


async def test_a_partition_that_went_away_is_not_read_again():
    flow = Flow({TP: [record(1)]})
    flow.go_on_at({TP: 3})

    async def refused(where):
        raise IllegalStateError("not assigned")

    flow.seek_wait = refused
    assert len(await flow.run()) == 1


async def test_the_flow_is_not_resumed_inside_the_next_rebalance():
    """One that began while the states were loaded: Faust goes on into it, and believes it to be over."""
    flow = Flow()
    flow.flow_active, flow.app.rebalancing_count = False, 1
    flow.assigned_in = 5, 1
    flow.app.rebalancing_count += 1
    assert flow.is_joining
    flow.resume_flow()
    assert (flow.flow_active, dict(flow._go_on_at)) == (False, {})
    flow.app.consumer_generation_id = 6
    flow.assigned_in = 6, 2
    assert not flow.is_joining
    flow.resume_flow()
    assert flow.flow_active


async def test_the_assignment_is_known_to_be_of_its_rebalance_before_anybody_knows_the_generation(
    monkeypatch,
):
    consumer = SimpleNamespace(assigned_in=None)
    inner = SimpleNamespace(_coordinator=SimpleNamespace(generation=6))
    thread = SimpleNamespace(
        consumer=consumer, app=SimpleNamespace(rebalancing_count=2), _ensure_consumer=lambda: inner
    )
    known = []

    async def on_partitions_assigned(self, assigned):
        known.append((consumer.assigned_in, assigned))

    monkeypatch.setattr(ConsumerRebalanceListener, "on_partitions_assigned", on_partitions_assigned)
    await Listener(thread).on_partitions_assigned({TP})
    assert known == [((6, 2), {TP})]
    assert FetchConsumer.RebalanceListener is Listener


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
    flow = Flow({TP: [record(1, bytes(MOST_AHEAD_BYTES))]}, {TP: [record(2)]}, {TP: [record(3)]})
    sleep = flow.sleep

    async def taken_meanwhile(seconds):
        await sleep(seconds)
        if flow.done.count(AHEAD_WAITS_S) == 2 and flow.queue.qsize() == 1:
            flow.queue.get_nowait()

    flow.sleep = taken_meanwhile
    await flow.run()
    assert flow.done == ["fetch", 0, AHEAD_WAITS_S, AHEAD_WAITS_S, "fetch", GATHER_S, "fetch", GATHER_S]


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


async def test_faust_commits_also_what_was_read_before_a_rebalance_and_not_committed():
    """A quiet partition would show a lag until its next message."""
    flow = Flow()
    flow._committed_offset = {TP: 8}
    flow.acknowledge({TP: 8})
    assert flow._filter_committable_offsets([TP]) == {TP: 8}
