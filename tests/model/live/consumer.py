"""What Faust is to a worker: its membership of the group, the messages that it hands on, acknowledgements."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.model.log import Log


class Message(NamedTuple):
    """A message as Faust has it."""

    partition: int
    offset: int
    generation_id: int
    timestamp: float
    value: bytes


class Event:
    """A message in the stream.

    Attributes:
        after: the flush that had been asked for last when it was handed to the worker.
    """

    after = 0

    def __init__(self, message: Message, acknowledged: Callable[["Event"], None]) -> None:
        self.message = message
        self._acknowledged = acknowledged

    def ack(self) -> None:
        self._acknowledged(self)


class Consumer:
    """One member of the group, and where it reads.

    Attributes:
        known: the generation of the group that it knows; it may be an old one.
        numbers: the partitions that it was given in that generation.
        moving: whether it knows that the group moves on, and is not told yet to what.
        coming: the next generation, and its partitions there, once the group has settled.
        positions: what it reads next of each partition.
        buffer: what it has read and the worker has not taken.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.known = 0
        self.numbers: tuple[int, ...] = ()
        self.moving = False
        self.coming: tuple[int, tuple[int, ...]] | None = None
        self.positions: dict[int, int] = {}
        self.buffer: list[Event] = []

    @property
    def consumer(self) -> "Consumer":
        """Itself, for those who ask the app for its consumer."""
        return self

    def generation(self) -> int:
        return self.known

    def rebalancing(self) -> bool:
        return self.moving

    def told(self) -> None:
        """The group has settled: this is the assignment."""
        assert self.coming is not None
        (self.known, self.numbers), self.coming = self.coming, None
        self.positions = {}

    def fetch(self, number: int, many: int, acknowledged: Callable[[Event], None]) -> None:
        """Read some messages of a partition."""
        messages = self.log.partitions[number]
        for _ in range(many):
            offset = self.positions.get(number, len(messages))
            if offset >= len(messages):
                return
            timestamp_ms, value = messages[offset]
            message = Message(number, offset, self.known, timestamp_ms / 1000, value)
            self.buffer.append(Event(message, acknowledged))
            self.positions[number] = offset + 1

    def is_at_the_end(self) -> bool:
        """Whether there is nothing left to read."""
        return not self.buffer and all(at == self.log.end(number) for number, at in self.positions.items())

    def go_on_at(self, where: Mapping[Any, int]) -> None:
        for tp, offset in where.items():
            if tp.partition in self.positions:
                self.positions[tp.partition] = offset

    async def earliest_offsets(self, *tps: Any) -> dict[Any, int]:
        return dict.fromkeys(tps, 0)
