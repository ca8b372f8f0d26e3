"""How what is fetched comes to the agent at little cost a message: Faust's consumer and monitor, made lean.

Faust makes four tasks for each message, to notice in mid-delivery that the flow is suspended, and counts
each message several times over. Here a whole fetch is one task, and the metrics are the worker's. This
leans on one internal method of faust-streaming, which is pinned; a test sees that it is called.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from types import MappingProxyType
from typing import Any

from faust.sensors import Monitor
from faust.transport.drivers.aiokafka import Consumer

FETCH_WAITS_S = 0.2
"""For messages, if there are none: a stop waits for the end of this."""
MOST_WAITING_BYTES = 32_000_000
"""Of messages that were handed on and not taken: a worker that catches up would else hold the backlog."""
AHEAD_WAITS_S = 0.01
YIELD_AFTER = 50
"""Messages that are handed on before others of the event loop have their turn."""


class LeanConsumer(Consumer):
    """A consumer that hands on a fetch at a time.

    Where it is to go on is decided between two fetches: a hand-on under way would put the position back
    to where it was. When the flow is suspended, as before a rebalance, what is left of the fetch is
    dropped; it is read again from the position that the next assignment begins at.

    Attributes:
        waiting: how many messages were handed on and are not taken yet.
    """

    waiting: Callable[[], int] = staticmethod(lambda: 0)
    _bytes_a_message = 0.0
    _go_on_at: Mapping[Any, int] = MappingProxyType({})

    def go_on_at(self, where: Mapping[Any, int]) -> None:
        """Read on from these offsets, by topic and partition, after the fetch that is being handed on."""
        self._go_on_at = {**self._go_on_at, **where}

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self.sleep(0)
                if self._go_on_at:
                    where, self._go_on_at = self._go_on_at, {}
                    await self.seek_wait({tp: at for tp, at in where.items() if tp in self.assignment()})
                if self.waiting() * self._bytes_a_message > MOST_WAITING_BYTES:
                    await self.sleep(AHEAD_WAITS_S)
                    continue
                fetched = [one async for one in self.getmany(timeout=FETCH_WAITS_S)]
                if fetched:
                    self._bytes_a_message = sum(len(one.value or b"") for _, one in fetched) / len(fetched)
                    await self.wait_first(self._hand_on(fetched), self.suspend_flow.wait())
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    async def _hand_on(self, fetched: list[tuple[Any, Any]]) -> None:
        """Hand on messages in their order. An offset below the position was handed on before."""
        for number, (tp, message) in enumerate(fetched, start=1):
            if self.suspend_flow.is_set():
                return
            offset, read = message.offset, self._read_offset[tp]
            if read is None or offset >= read:
                if read and offset - read > 1 and self.app.topics.acks_enabled_for(message.topic):
                    await self._add_gap(tp, read + 1, offset)
                await self.callback(message)
                self._read_offset[tp] = offset
            if number % YIELD_AFTER == 0:
                await asyncio.sleep(0)


class LeanMonitor(Monitor):
    """Remembers when a partition last moved, which Faust's detector of standstills asks, and no more."""

    def on_message_in(self, tp: Any, offset: int, message: Any) -> None:
        """Count nothing."""

    def on_message_out(self, tp: Any, offset: int, message: Any) -> None:
        """Count nothing."""

    def on_stream_event_in(self, tp: Any, offset: int, stream: Any, event: Any) -> None:
        """Remember when."""
        self.stream_inbound_time[tp] = monotonic()

    def on_stream_event_out(self, *_: Any, **__: Any) -> None:
        """Count nothing."""
