"""How what is read comes to the agent, and how it is acknowledged: by the fetch, not by the message.

Faust makes an event of each message, hands it through conductor, channel, stream and buffer, and keeps
count of it until it is acknowledged: some 50 microseconds, whatever is in it. Here a fetch is one value of
the agent's stream. What is acknowledged is an offset a partition: everything before it is folded.

This leans on internal methods of faust-streaming, which is pinned: without them nothing would be read.
"""

import asyncio
import logging
from collections.abc import Mapping
from itertools import chain
from time import monotonic
from types import MappingProxyType
from typing import Any

from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import Consumer, ConsumerRebalanceListener

from streams.fetch import Fetch

log = logging.getLogger(__name__)

FETCH_WAITS_S = 0.2
"""For messages, if there are none: a stop waits for the end of this."""
MOST_AHEAD_BYTES = 32_000_000
"""Of fetches that wait for the agent: a worker that catches up would else hold the backlog."""
AHEAD_WAITS_S = 0.01
ENOUGH_BYTES = 1_000_000


class Listener(ConsumerRebalanceListener):
    """Remembers which rebalance an assignment came of. Its methods run in the thread of Kafka's client."""

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Before anybody knows of the generation."""
        thread = self._thread
        generation = thread._ensure_consumer()._coordinator.generation
        thread.consumer.assigned_in = generation, thread.app.rebalancing_count  # type: ignore[attr-defined]
        await super().on_partitions_assigned(assigned)


class FetchConsumer(Consumer):
    """A consumer that puts whole fetches into the stream of the agent.

    Where it is to go on is decided between two fetches. What comes while the flow is suspended, as it is
    during a rebalance, is dropped, and read again when it is resumed.

    Attributes:
        assigned_in: the generation of the last assignment, and how many rebalances had begun by then.
    """

    RebalanceListener = Listener

    assigned_in: tuple[int, int] | None = None
    _into: Any = None
    _enough = 1
    _gather_s = 0.0
    _go_on_at: Mapping[Any, int] = MappingProxyType({})

    @property
    def is_joining(self) -> bool:
        """Whether a rebalance has begun and its assignment is not known: Faust forgets it when it resumes."""
        begun = self.app.rebalancing_count
        return begun > 0 and self.assigned_in != (self.app.consumer_generation_id, begun)

    @property
    def ahead_bytes(self) -> int:
        """About how much was read that the agent has not taken: over `MOST_AHEAD_BYTES` no more is read."""
        return sum(fetch.size for fetch in self._into._queue) if self._into is not None else 0

    def resume_flow(self) -> None:
        """Read on after a rebalance, from where the states are: what was read meanwhile is lost.

        Not inside the next rebalance, into which Faust would go on when it began during the load.
        """
        if self.is_joining:
            return
        super().resume_flow()
        known = self.positions()
        self._go_on_at = {tp: known[tp.partition] for tp in self.assignment() if tp.partition in known}

    def positions(self) -> Mapping[int, int]:
        """Where the states end, by partition."""
        return {}

    def feed(self, queue: asyncio.Queue[Fetch], *, enough: int, gather_s: float) -> None:
        """Begin to hand on to the queue of a stream.

        After a fetch of less than `enough` messages, or a megabyte, it waits `gather_s`, so that the next is
        worth its while.
        """
        self._into, self._enough, self._gather_s = queue, enough, gather_s

    def go_on_at(self, where: Mapping[Any, int]) -> None:
        """Read on from these offsets, by topic and partition, after the fetch that is under way."""
        self._go_on_at = {**self._go_on_at, **where}

    def acknowledge(self, offsets: Mapping[Any, int]) -> None:
        """Have Faust commit these offsets, by topic and partition: everything before them is done."""
        for tp, offset in offsets.items():
            self._acked[tp] = [offset]

    def _should_commit(self, tp: Any, offset: int) -> bool:
        """Also what lies where it began: who was interrupted by a rebalance has not committed it."""
        return True

    def _new_offset(self, tp: Any) -> int | None:
        """What is to be committed, which Faust asks for once a second."""
        acknowledged = self._acked.pop(tp, None)
        return acknowledged[-1] if acknowledged else None

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                if self._has_room():
                    await self._read()
                else:
                    await self.sleep(AHEAD_WAITS_S)
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    def _has_room(self) -> bool:
        """Whether the agent runs, and has taken most of what was read."""
        into = self._into
        return into is not None and not into.full() and self.ahead_bytes <= MOST_AHEAD_BYTES

    async def _read(self) -> None:
        """Read what there is and hand it on, unless the flow is suspended meanwhile."""
        if self._go_on_at:
            await self._seek_again()
        fetched, _ = await self._wait_next_records(FETCH_WAITS_S)
        if not fetched or not self.flow_active:
            await self.sleep(0)
        else:
            fetch = Fetch.of(self.app.consumer_generation_id, chain.from_iterable(fetched.values()))
            await self.wait_first(self._into.put(fetch), self.suspend_flow.wait())
            self.app.monitor.stream_inbound_time.update(dict.fromkeys(fetched, monotonic()))
            is_short = len(fetch.records) < self._enough and fetch.size < ENOUGH_BYTES
            await self.sleep(self._gather_s if is_short else 0)

    async def _seek_again(self) -> None:
        where, self._go_on_at = self._go_on_at, {}
        try:
            await self.seek_wait({tp: at for tp, at in where.items() if tp in self.assignment()})
        except KafkaError as error:  # it went away meanwhile
            log.info("not reading again: %s", error)
