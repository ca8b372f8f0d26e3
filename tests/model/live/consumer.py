"""What Faust is to a worker: its membership of the group, the messages that it hands on, acknowledgements."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, NamedTuple

from streams.fetch import Fetch
from tests.model.log import Log


class Message(NamedTuple):
    """A message of the log."""

    partition: int
    offset: int
    timestamp: int
    value: bytes


class Consumer:
    """One member of the group, and where it reads.

    Attributes:
        known: the generation of the group that it knows; it may be an old one.
        numbers: the partitions that it was given in that generation.
        moving: whether it knows that the group moves on, and is not told yet to what.
        coming: the next generation, and its partitions there, once the group has settled.
        positions: what it reads next of each partition.
        buffer: what it has read and the worker has not taken, each with the generation of then.
        acknowledged: what the worker has acknowledged, newest last.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.known = 0
        self.numbers: tuple[int, ...] = ()
        self.moving = False
        self.coming: tuple[int, tuple[int, ...]] | None = None
        self.positions: dict[int, int] = {}
        self.buffer: list[tuple[int, Message]] = []
        self.acknowledged: list[dict[int, int]] = []

    @property
    def consumer(self) -> "Consumer":
        """Itself, for those who ask the app for its consumer."""
        return self

    def generation(self) -> int:
        return self.known

    def rebalancing(self) -> bool:
        return self.moving

    def acknowledge(self, offsets: Mapping[int, int]) -> None:
        self.acknowledged.append(dict(offsets))

    def told(self) -> None:
        """The group has settled: this is the assignment."""
        assert self.coming is not None
        (self.known, self.numbers), self.coming = self.coming, None
        self.positions = {}

    def fetch(self, number: int, many: int) -> None:
        """Read some messages of a partition."""
        messages = self.log.partitions[number]
        for _ in range(many):
            offset = self.positions.get(number, len(messages))
            if offset >= len(messages):
                return
            timestamp_ms, value = messages[offset]
            self.buffer.append((self.known, Message(number, offset, timestamp_ms, value)))
            self.positions[number] = offset + 1

    def hand_on(self, most: int) -> Fetch:
        """Take some of what was read in one generation out of the buffer, which is not empty."""
        generation = self.buffer[0][0]
        some = [message for _, message in takewhile(lambda it: it[0] == generation, self.buffer[:most])]
        del self.buffer[: len(some)]
        return Fetch.of(generation, some)

    def is_at_the_end(self) -> bool:
        """Whether there is nothing left to read."""
        return not self.buffer and all(at == self.log.end(number) for number, at in self.positions.items())

    def go_on_at(self, where: Mapping[Any, int]) -> None:
        for tp, offset in where.items():
            if tp.partition in self.positions:
                self.positions[tp.partition] = offset

    async def begin_of(self, tp: Any, within_s: float) -> int:
        return 0
