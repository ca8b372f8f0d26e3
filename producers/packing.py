"""Gather events of one partition into one message. Pure: time is an argument.

A pack is complete when it holds as many events or bytes as the limits say, or when its first event
has waited long enough: so packs grow with the load, and a lone event does not wait.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from schemas.fields import MAX_MESSAGE_BYTES


class PackLimits(BaseModel):
    """When a pack is sent: whichever comes first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: int = Field(500, ge=1, le=100_000)
    bytes: int = Field(256 * 1024, ge=1, le=MAX_MESSAGE_BYTES)
    age_ms: int = Field(100, ge=0, le=60_000, description="since the first event of the pack")


class Pack(NamedTuple):
    """A message: NDJSON without a newline at the end, how many events it holds, and who waits for each."""

    partition: int
    value: bytes
    events: int
    owners: list[Any]


@dataclass(slots=True)
class _Open:
    """A pack that may still grow. `size` counts the newlines between the lines."""

    since_ms: float
    lines: list[bytes] = field(default_factory=list)
    owners: list[Any] = field(default_factory=list)
    size: int = -1


class Packer:
    """The open packs of all partitions.

    Every line added is in exactly one pack handed out by `add`, `due` or `rest`; within a partition
    the order stays. Only a line that is longer than the limit by itself makes a longer pack.
    """

    def __init__(self, limits: PackLimits) -> None:
        self._max_events = limits.events
        self._max_bytes = limits.bytes
        self._age_ms = limits.age_ms
        self._open: dict[int, _Open] = {}

    def add(self, partition: int, line: bytes, now_ms: float, owner: Any = None) -> list[Pack]:
        """Take a line; return the packs that it completes: none, one, or the one before it and its own.

        The owner, if there is one, is handed out with the pack that holds the line.
        """
        complete: list[Pack] = []
        pack = self._open.get(partition)
        if pack is not None and pack.size + 1 + len(line) > self._max_bytes:
            complete.append(self._close(partition))
            pack = None
        if pack is None:
            pack = self._open[partition] = _Open(now_ms)
        pack.lines.append(line)
        if owner is not None:
            pack.owners.append(owner)
        pack.size += 1 + len(line)
        if len(pack.lines) >= self._max_events or pack.size >= self._max_bytes:
            complete.append(self._close(partition))
        return complete

    def due(self, now_ms: float) -> list[Pack]:
        """Return the packs whose first line has waited long enough."""
        old = [p for p, pack in self._open.items() if now_ms - pack.since_ms >= self._age_ms]
        return [self._close(partition) for partition in old]

    @property
    def oldest_ms(self) -> float | None:
        """When the pack that has waited longest was begun; None when none is open."""
        return min((pack.since_ms for pack in self._open.values()), default=None)

    def rest(self) -> list[Pack]:
        """Return all open packs."""
        return [self._close(partition) for partition in list(self._open)]

    def _close(self, partition: int) -> Pack:
        pack = self._open.pop(partition)
        return Pack(partition, b"\n".join(pack.lines), len(pack.lines), pack.owners)
