"""Send events to Kafka: packed, in order per viewer, each one acknowledged or reported."""

import threading
from types import TracebackType
from typing import Any, Self

from kafka.errors import KafkaError
from pydantic import BaseModel, ConfigDict, Field

from producers.broker import MAX_REQUEST_BYTES, connect, count_partitions, new_producer
from producers.packing import Pack, Packer, PackLimits
from producers.partitioning import partition_of
from runtime.brokers import Brokers
from runtime.clock import Clock, SystemClock
from runtime.errors import DeliveryError
from schemas.topics import PLAYER_EVENTS

CLOSE_SLACK_S = 10.0


class SenderSettings(BaseModel):
    """Where to send, how long to wait, how much to hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brokers: Brokers = Brokers()
    topic: str = PLAYER_EVENTS.name
    connect_s: float = Field(60, gt=0, description="for a broker that is not up yet")
    delivery_timeout_s: float = Field(
        120, ge=1, description="no acknowledgement within it: the event is reported as not delivered"
    )
    request_timeout_s: float = Field(10, gt=0)
    buffer_mb: float = Field(32, gt=0, le=4096, description="sent and not acknowledged, at most")
    block_s: float = Field(60, ge=0, description="how long `send` waits while the buffer is full")
    pack: PackLimits = PackLimits()


class Sender:
    """A producer whose every event is acknowledged by all in-sync replicas, or counted as an error.

    `send` returns once the event is in the bounded buffer; `flush` and `close` return once all are
    acknowledged and raise DeliveryError, which counts them, when some are not. A crash of the
    process loses what was not flushed. A broker that goes away and comes back costs time only
    (idempotent producer: no copies, no disorder) unless it stays away past the delivery timeout.
    Thread-safe; a thread of its own sends packs that have waited long enough.
    """

    def __init__(self, settings: SenderSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._packer = Packer(settings.pack)
        self._max_bytes = int(settings.buffer_mb * 1024 * 1024)
        self._packing = threading.RLock()  # one at a time: keeps the order of a partition
        self._acks = threading.Condition()  # guards the counts of what is under way
        self._bytes_under_way = 0
        self._accepted = self._delivered = self._failed = 0
        self._reported = 0
        self._first_error: BaseException | None = None
        self._closed = False
        self._producer = connect(
            self._make_producer,
            settings.brokers,
            within_s=settings.connect_s,
            clock=self._clock,
        )
        self.partitions = count_partitions(self._producer, settings.topic, settings.brokers.bootstrap)
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._send_due, name="sender-packs", daemon=True)
        self._ticker.start()

    @property
    def delivered(self) -> int:
        """How many events the broker acknowledged."""
        return self._delivered

    @property
    def failed(self) -> int:
        """How many events were given up."""
        return self._failed

    def send(self, viewer_id: str, line: bytes) -> None:
        """Take one event, or raise and take nothing.

        Waits while the buffer is full; raises DeliveryError when it stays full, ValueError for a
        line with a newline inside (it would be two events).
        """
        if b"\n" in line:
            raise ValueError("a line holds no newline")
        if len(line) > MAX_REQUEST_BYTES - 1024:
            raise ValueError(f"a line of {len(line)} bytes fits into no message")
        if self._bytes_under_way >= self._max_bytes:
            self._wait_for_room()
        partition = partition_of(viewer_id, self.partitions)
        with self._packing:
            if self._closed:
                raise DeliveryError("the sender is closed")
            self._accepted += 1
            for pack in self._packer.add(partition, line, self._clock.monotonic_s() * 1000):
                self._ship(pack)

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until every event is acknowledged.

        Raises DeliveryError with the counts when events failed since the last flush, or are still
        under way at the end of the time (the delivery timeout and a little more by default).
        """
        with self._packing:
            for pack in self._packer.rest():
                self._ship(pack)
        if timeout_s is None:
            timeout_s = self._settings.delivery_timeout_s + CLOSE_SLACK_S
        with self._acks:
            self._acks.wait_for(lambda: self._bytes_under_way == 0, timeout_s)
            failed = self._failed - self._reported
            self._reported = self._failed
            under_way = self._accepted - self._delivered - self._failed
        if failed or under_way:
            raise DeliveryError(
                f"{failed} events were not delivered and {under_way} are not acknowledged yet, of "
                f"{self._accepted} accepted ({self._delivered} delivered); first error: "
                f"{type(self._first_error).__name__}: {self._first_error}"
            ) from self._first_error

    def close(self) -> None:
        """Flush, then let go of the connection, in this order even when the flush raises."""
        if self._closed:
            return
        try:
            self.flush()
        finally:
            self._stop.set()
            with self._packing:
                self._closed = True
            self._ticker.join()
            self._producer.close(timeout=CLOSE_SLACK_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make_producer(self) -> Any:
        settings = self._settings
        return new_producer(
            settings.brokers,
            delivery_timeout_s=settings.delivery_timeout_s,
            request_timeout_s=settings.request_timeout_s,
            batch_bytes=settings.pack.bytes * 2,
        )

    def _wait_for_room(self) -> None:
        with self._acks:
            room = self._acks.wait_for(
                lambda: self._bytes_under_way < self._max_bytes, self._settings.block_s
            )
        if not room:
            raise DeliveryError(
                f"the buffer of {self._settings.buffer_mb:g} MB is full for "
                f"{self._settings.block_s:g} s: Kafka at {self._settings.brokers.bootstrap} does not "
                "acknowledge. The event was not taken"
            )

    def _ship(self, pack: Pack) -> None:
        """Hand a pack to the producer; whatever becomes of it is counted."""
        with self._acks:
            self._bytes_under_way += len(pack.value)
        try:
            future = self._producer.send(self._settings.topic, value=pack.value, partition=pack.partition)
        except KafkaError as error:
            self._settle(pack.events, len(pack.value), error)
            return
        events, size = pack.events, len(pack.value)
        future.add_callback(lambda _: self._settle(events, size, None))
        future.add_errback(lambda error: self._settle(events, size, error))

    def _settle(self, events: int, size: int, error: BaseException | None) -> None:
        with self._acks:
            self._bytes_under_way -= size
            if error is None:
                self._delivered += events
            else:
                self._failed += events
                self._first_error = self._first_error or error
            self._acks.notify_all()

    def _send_due(self) -> None:
        """Send packs whose first event has waited long enough, whether or not anybody calls."""
        every_s = max(self._settings.pack.age_ms / 2000, 0.005)
        while not self._stop.wait(every_s):
            with self._packing:
                for pack in self._packer.due(self._clock.monotonic_s() * 1000):
                    self._ship(pack)
