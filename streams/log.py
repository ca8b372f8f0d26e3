"""Reads the log of events without a group: where its partitions begin and end, and any range of them.

It owns IO. For commands: nothing is committed, and no worker notices.
"""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from runtime.clock import Clock, SystemClock
from runtime.errors import BrokerAwayError, RetentionError, TopicMismatchError
from runtime.reaching import reaching
from runtime.settings import KafkaSettings
from schemas.topics import PLAYER_EVENTS

POLL_MS = 500
POLL_MESSAGES = 500
PATIENCE_S = 30.0
"""Without a message for so long, where there must be one, the broker counts as away."""


class Message(NamedTuple):
    """A message of a partition, as the fold takes it."""

    offset: int
    timestamp_ms: int
    payload: bytes


class LogReader:
    """The log as Kafka has it. Close it, or use it as a context.

    Raises BrokerAwayError when Kafka does not answer, TopicMismatchError when the topic is absent. A
    crash leaves nothing behind; a reading that failed can be begun again at any offset.
    """

    def __init__(self, settings: KafkaSettings, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._bootstrap = settings.bootstrap
        with reaching(settings):
            self._consumer: Any = KafkaConsumer(
                **settings.client_options(),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                max_poll_records=POLL_MESSAGES,
            )
            numbers = self._consumer.partitions_for_topic(PLAYER_EVENTS.name)
        if not numbers:
            raise TopicMismatchError(f"Kafka at {self._bootstrap} has no topic {PLAYER_EVENTS.name}")
        self._partitions = [TopicPartition(PLAYER_EVENTS.name, number) for number in sorted(numbers)]

    def begins(self) -> Mapping[int, int]:
        """The first offset that the log still has, by partition."""
        return self._offsets(self._consumer.beginning_offsets)

    def ends(self) -> Mapping[int, int]:
        """The offset after the last message, by partition."""
        return self._offsets(self._consumer.end_offsets)

    def read(self, partition: int, begin: int, end: int) -> Iterator[Message]:
        """Yield the messages of a partition from one offset up to, and without, another.

        Raises RetentionError when the log begins later, BrokerAwayError when it ends before `end` and
        nothing comes. An offset may be missing in between: control records have some.
        """
        first = self.begins()[partition]
        if begin < first:
            raise RetentionError(f"partition {partition} of the log begins at {first}, {begin} is gone")
        tp = TopicPartition(PLAYER_EVENTS.name, partition)
        self._consumer.assign([tp])
        self._consumer.seek(tp, begin)
        heard_at = self._clock.monotonic_s()
        while self._consumer.position(tp) < end:
            try:
                batch = self._consumer.poll(timeout_ms=POLL_MS).get(tp, [])
            except KafkaError as error:
                raise self._away(error) from error
            if batch:
                heard_at = self._clock.monotonic_s()
            elif self._clock.monotonic_s() - heard_at > PATIENCE_S:
                raise BrokerAwayError(
                    f"partition {partition} gave nothing for {PATIENCE_S:.0f} s at offset "
                    f"{self._consumer.position(tp)}, and is to be read to {end}"
                )
            for record in batch:
                if record.offset >= end:
                    return
                yield Message(record.offset, record.timestamp, record.value or b"")

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _offsets(self, ask: Any) -> Mapping[int, int]:
        try:
            return {tp.partition: offset for tp, offset in ask(self._partitions).items()}
        except KafkaError as error:
            raise self._away(error) from error

    def _away(self, error: KafkaError) -> BrokerAwayError:
        return BrokerAwayError(f"Kafka does not answer at {self._bootstrap}: {error}")
