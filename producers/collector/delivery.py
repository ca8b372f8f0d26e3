"""Bring the lines of many requests to the log in shared packs; tell each request when all of its are there.

It owns IO. Everything but the connecting happens on the event loop: nothing here is locked.
"""

import asyncio
import gc
import logging
import threading
from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple

from kafka.errors import KafkaError

from producers.broker import count_partitions, discard, new_producer
from producers.collector.answers import Refused
from producers.packing import Pack, Packer, PackLimits
from producers.partitioning import partition_of
from runtime.brokers import Brokers
from runtime.clock import Clock
from runtime.errors import BrokerAwayError, LoginError, SettingsError
from runtime.reaching import reaching
from runtime.settings import CollectorSettings
from schemas.topics import PLAYER_EVENTS

PACK_BYTES = 256 * 1024
PACK_EVENTS = 500
BLOCK_MS = 2_000
"""An attempt to connect, or to learn of the topic, takes no longer: another follows."""
PAUSE_S = 0.5
WATCH_S = 0.25
DELIVERY_SLACK_S = 5.0
"""The producer gives up later than the collector: which then has dropped it."""

_log = logging.getLogger(__name__)
NewProducer = Callable[[], tuple[Any, int]]
"""Returns a producer and how many partitions the topic has, or raises BrokerAwayError."""


class _Receipt:
    """What one request waits for: the acknowledgement of so many lines."""

    __slots__ = ("done", "waiting")

    def __init__(self, lines: int, done: asyncio.Future[bool]) -> None:
        self.waiting = lines
        self.done = done

    def settle(self, *, acknowledged: bool) -> None:
        """Count a line; tell the request when it was the last, or the first that failed."""
        self.waiting -= 1
        if (not self.waiting or not acknowledged) and not self.done.done():
            self.done.set_result(acknowledged)


class _Shipped(NamedTuple):
    """A pack that the producer holds: its bytes are no longer ours."""

    size: int
    receipts: list[_Receipt]
    at_s: float


class Link:
    """A producer and what was handed to it. It fails as a whole and is never mended: another follows.

    A producer that has given up messages may refuse all that follow them (its sequence has a hole), and
    whoever waits for one message of a broker that is away waits for all of them.
    """

    def __init__(self, producer: Any, partitions: int) -> None:
        self.producer = producer
        self.partitions = partitions
        self.bytes_under_way = 0
        self.packs: dict[int, _Shipped] = {}
        """Shipped and not acknowledged, by number, in the order of shipping."""
        self.shipped = 0


class Delivery:
    """Delivers lines. A request is told `delivered` only after the broker has acknowledged every line of it.

    What is under way is bounded: when it is too much, or the log is away, requests are refused at once.
    A line that was not acknowledged in time may be in the log all the same; the sender sends it again
    with the same id, and it counts once. A crash loses only what no request was told about.
    """

    def __init__(self, settings: CollectorSettings, new: NewProducer, clock: Clock) -> None:
        self._settings = settings
        self._new = new
        self._clock = clock
        self._max_bytes = int(settings.buffer_mb * 1024 * 1024)
        self._link: Link | None = None
        self._packer = self._new_packer()
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        self._dropped: deque[Any] = deque()
        self._said_away = False
        self._connector = threading.Thread(target=self._keep_connected, name="collector-log", daemon=True)

    def open(self) -> None:
        """Begin to connect; return at once. Until it has, requests are refused with 503."""
        self._loop = asyncio.get_running_loop()
        self._wanted.set()
        self._connector.start()
        self._watch()

    async def close(self) -> None:
        """Let go of the connection. Whoever still waits is told that its lines were not acknowledged."""
        if self._link is not None:
            self._drop(self._link)
        self._stopping.set()
        self._wanted.set()
        self._watcher.cancel()
        await asyncio.to_thread(self._connector.join)

    @property
    def is_alive(self) -> bool:
        """Whether it would connect when Kafka answers. If not, only a restart helps."""
        return self._connector.is_alive()

    @property
    def is_ready(self) -> bool:
        """Whether a request would be taken."""
        return self._link is not None and self._link.bytes_under_way < self._max_bytes

    @property
    def bytes_under_way(self) -> int:
        """Taken and not acknowledged."""
        return self._link.bytes_under_way if self._link else 0

    @property
    def partitions(self) -> int:
        """How many partitions the topic has; refuses with 503 while the log is away."""
        return self._linked().partitions

    async def deliver(self, lines: list[tuple[str, bytes]], size: int) -> None:
        """Take lines, each with the viewer whose partition it goes to; return when all are acknowledged.

        Refuses with 503 when they are not within the ack timeout, and at once when the log is away or too
        much is under way. The list is empty afterwards: nobody holds what may wait for long.
        """
        receipt = self._hand_over(lines, size)
        lines.clear()
        await self._acknowledged(receipt)

    def _hand_over(self, lines: list[tuple[str, bytes]], size: int) -> _Receipt:
        count = len(lines)
        link = self._linked()
        if link.bytes_under_way + size + count > self._max_bytes:
            raise self._refused("busy")
        link.bytes_under_way += size + count  # a newline each
        receipt = _Receipt(count, self._loop.create_future())
        now_ms = self._clock.monotonic_s() * 1000
        add, partitions = self._packer.add, link.partitions
        for viewer_id, line in lines:
            packs = add(partition_of(viewer_id, partitions), line, now_ms, receipt)
            if packs:
                self._ship_all(packs)
        if link is not self._link:  # it failed in between, and with it what was handed over so far
            receipt.settle(acknowledged=False)
        elif self._timer is None:
            self._timer = self._loop.call_later(self._settings.pack_age_ms / 1000, self._ship_due)
        return receipt

    async def _acknowledged(self, receipt: _Receipt) -> None:
        try:
            async with asyncio.timeout(self._settings.ack_timeout_s):
                delivered = await receipt.done
        except TimeoutError:
            delivered = False
        if not delivered:
            raise self._refused("broker_away")

    def _linked(self) -> Link:
        if self._link is None:
            raise self._refused("broker_away")
        return self._link

    def _refused(self, code: str) -> Refused:
        return Refused(503, code, retry_after_s=self._settings.retry_after_s)

    def _ship_due(self) -> None:
        """Send the packs that have waited long enough. All others began later: they get a timer again."""
        self._timer = None
        now_ms = self._clock.monotonic_s() * 1000
        self._ship_all(self._packer.due(now_ms + 1))
        oldest_ms = self._packer.oldest_ms
        if oldest_ms is not None:
            wait_s = max(self._settings.pack_age_ms + oldest_ms - now_ms, 1) / 1000
            self._timer = self._loop.call_later(wait_s, self._ship_due)

    def _ship_all(self, packs: list[Pack]) -> None:
        for pack in packs:
            if self._link is not None:
                self._ship(self._link, pack)

    def _ship(self, link: Link, pack: Pack) -> None:
        number = link.shipped = link.shipped + 1
        link.packs[number] = _Shipped(len(pack.value) + 1, pack.owners, self._clock.monotonic_s())
        try:
            future = link.producer.send(PLAYER_EVENTS.name, value=pack.value, partition=pack.partition)
        except (KafkaError, ValueError) as error:  # the topic was made anew, with fewer partitions
            self._fail(link, error)
            return
        back = self._loop.call_soon_threadsafe
        future.add_callback(lambda _: back(self._acknowledge, link, number))
        future.add_errback(lambda error: back(self._fail, link, error))

    def _acknowledge(self, link: Link, number: int) -> None:
        shipped = link.packs.pop(number, None)
        if shipped is None:
            return  # the link has failed before
        link.bytes_under_way -= shipped.size
        for receipt in shipped.receipts:
            receipt.settle(acknowledged=True)

    def _fail(self, link: Link, error: BaseException) -> None:
        if link is self._link:
            _log.warning("the log does not acknowledge (%s); connecting anew", type(error).__name__)
            self._drop(link)
            self._wanted.set()

    def _drop(self, link: Link) -> None:
        """Let go of a link: everybody who waits for it is told that it failed."""
        self._link = None
        open_packs, self._packer = self._packer.rest(), self._new_packer()
        waiting = [shipped.receipts for shipped in link.packs.values()] + [pack.owners for pack in open_packs]
        for receipt in chain.from_iterable(waiting):
            receipt.settle(acknowledged=False)
        link.packs.clear()
        self._dropped.append(link.producer)

    def _new_packer(self) -> Packer:
        age_ms = self._settings.pack_age_ms
        return Packer(PackLimits(events=PACK_EVENTS, bytes=PACK_BYTES, age_ms=age_ms))

    def _watch(self) -> None:
        """Give a link up whose oldest pack is not acknowledged in time, whatever the producer believes."""
        link = self._link
        if link is not None and link.packs:
            oldest = next(iter(link.packs.values()))
            if self._clock.monotonic_s() - oldest.at_s > self._settings.ack_timeout_s:
                self._fail(link, TimeoutError())
        self._watcher = self._loop.call_later(WATCH_S, self._watch)

    def _connected(self, producer: Any, partitions: int) -> None:
        _log.info("the log takes events: %s has %d partitions", PLAYER_EVENTS.name, partitions)
        self._link = Link(producer, partitions)

    def _keep_connected(self) -> None:
        """Connect whenever a link is wanted, and let go of those that were dropped. A thread of its own."""
        while True:
            self._wanted.wait()
            self._wanted.clear()
            while self._dropped:
                discard(self._dropped.popleft())
            if self._stopping.is_set():
                return
            if not self._connect():
                gc.collect()  # kafka-python leaves sockets of failed attempts in cycles: soon all there are
                self._wanted.set()
                self._stopping.wait(PAUSE_S)

    def _connect(self) -> bool:
        try:
            producer, partitions = self._new()
        except (BrokerAwayError, LoginError, SettingsError) as error:  # accounts and certificates come later
            if not self._said_away:
                _log.warning("%s; trying again and again", str(error))  # the error holds sockets
            self._said_away = True
            return False
        self._said_away = False
        if self._stopping.is_set():
            discard(producer)
        else:
            self._loop.call_soon_threadsafe(self._connected, producer, partitions)
        return True


def new_link(brokers: Brokers, settings: CollectorSettings) -> tuple[Any, int]:
    """Connect a producer, and count the partitions; raise BrokerAwayError or LoginError when it cannot."""
    with reaching(brokers):
        producer = new_producer(
            brokers,
            delivery_timeout_s=settings.ack_timeout_s + DELIVERY_SLACK_S,
            request_timeout_s=settings.ack_timeout_s,
            batch_bytes=PACK_BYTES * 2,
            bootstrap_ms=BLOCK_MS,
            metadata_ms=BLOCK_MS,
        )
    return producer, count_partitions(producer, PLAYER_EVENTS.name, brokers.bootstrap)
