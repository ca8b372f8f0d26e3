"""What a worker is handed: the messages of one fetch, with what the fold needs to know of each."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol


class Record(Protocol):
    """A message of the log.

    Attributes:
        timestamp: when its sender sent it or the broker took it, as the topic is set up; milliseconds.
        value: one event or many; None says nothing.
    """

    partition: int
    offset: int
    timestamp: int
    value: bytes | None


RECORD_BYTES = 300
"""Of a message beside its value."""


class Fetch(NamedTuple):
    """Messages that were read at once, those of a partition in their order.

    Attributes:
        generation: of the group, when they were read.
        size: about what it takes, in bytes.
    """

    generation: int
    records: Sequence[Record]
    size: int

    @classmethod
    def of(cls, generation: int, records: Iterable[Record]) -> "Fetch":
        """Return a fetch of these records."""
        some = list(records)
        return cls(generation, some, sum(len(record.value or b"") + RECORD_BYTES for record in some))
