"""What is fetched is handed on in its order, each message once, and no more once the flow is suspended."""

import asyncio
from collections import defaultdict
from types import MappingProxyType, SimpleNamespace

import pytest
from faust.transport.drivers.aiokafka import Consumer

from streams.delivery import MOST_WAITING_BYTES, YIELD_AFTER, LeanConsumer

TP = "events-3"
VALUE = 1_000
FULL = MOST_WAITING_BYTES // VALUE


class Flow:
    """As much of a consumer as a fetch needs."""

    def __init__(self):
        self.suspend_flow = asyncio.Event()
        self.app = SimpleNamespace(topics=SimpleNamespace(acks_enabled_for=lambda _: True))
        self._read_offset = defaultdict(lambda: None)
        self.delivered, self.gaps = [], []

    async def callback(self, message):
        self.delivered.append(message.offset)

    async def _add_gap(self, tp, begin, end):
        self.gaps.append((tp, begin, end))

    async def hand_on(self, *offsets):
        fetched = [(TP, SimpleNamespace(offset=offset, topic="events")) for offset in offsets]
        await LeanConsumer._hand_on(self, fetched)


@pytest.fixture
async def flow():
    return Flow()


class Log(Flow):
    """A flow that fetches by itself, and remembers what was done in which order."""

    should_stop = False
    consumer_stopped_errors = (RuntimeError,)
    _go_on_at = MappingProxyType({})
    go_on_at = LeanConsumer.go_on_at
    _hand_on = LeanConsumer._hand_on
    _bytes_a_message = 0.0

    def __init__(self):
        super().__init__()
        self.done, self.position = [], 0
        self.backlog = [0]

    def waiting(self):
        """What is waiting now: one after the other, and then the last for ever."""
        return self.backlog.pop(0) if len(self.backlog) > 1 else self.backlog[0]

    def assignment(self):
        return {TP}

    async def sleep(self, seconds):
        if seconds:
            self.done.append("wait")
        await asyncio.sleep(0)

    async def seek_wait(self, where):
        self.done.append("seek")
        self.position = self._read_offset[TP] = where[TP]

    async def getmany(self, timeout):  # noqa: ASYNC109 -- as Faust has it
        del timeout
        self.done.append("fetch")
        for offset in range(self.position, self.position + 2 * YIELD_AFTER):
            yield TP, SimpleNamespace(offset=offset, topic="events", value=bytes(VALUE))
        self.position += 2 * YIELD_AFTER

    async def wait_first(self, work, suspended):
        suspended.close()
        await work

    async def callback(self, message):
        await super().callback(message)
        if len(self.delivered) == YIELD_AFTER // 2:
            self.go_on_at({TP: 3})
        self.should_stop = len(self.delivered) >= 4 * YIELD_AFTER


def test_faust_has_the_method_that_is_replaced():
    assert any("_drain_messages" in vars(ancestor) for ancestor in Consumer.__mro__)


async def test_messages_are_handed_on_in_their_order(flow):
    await flow.hand_on(*range(3 * YIELD_AFTER))
    assert flow.delivered == list(range(3 * YIELD_AFTER))
    assert flow._read_offset[TP] == 3 * YIELD_AFTER - 1


async def test_an_offset_below_the_position_is_not_handed_on_again(flow):
    flow._read_offset[TP] = 7
    await flow.hand_on(5, 6, 7, 8)
    assert flow.delivered == [7, 8]


async def test_offsets_that_are_missing_do_not_hold_up_the_commit(flow):
    await flow.hand_on(5, 9)
    assert flow.gaps == [(TP, 6, 9)]


async def test_the_log_is_read_again_only_between_two_fetches():
    log = Log()
    await LeanConsumer._drain_messages(log, SimpleNamespace(should_stop=False))
    assert log.done == ["fetch", "seek", "fetch"]
    assert log.delivered == [*range(2 * YIELD_AFTER), *range(3, 3 + 2 * YIELD_AFTER)]


async def test_nothing_more_is_fetched_while_much_is_waiting():
    """A worker that caught up held as many messages as a buffer of 16,384 takes, of up to a megabyte each."""
    log = Log()
    log.backlog = [0, FULL + 1, FULL + 1, FULL]
    await LeanConsumer._drain_messages(log, SimpleNamespace(should_stop=False))
    assert log.done == ["fetch", "seek", "wait", "wait", "fetch"]


async def test_nothing_is_handed_on_once_the_flow_is_suspended(flow):
    flow.suspend_flow.set()
    await flow.hand_on(1, 2)
    assert (flow.delivered, flow._read_offset[TP]) == ([], None)
