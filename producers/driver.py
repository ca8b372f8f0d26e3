"""Drive deliveries into a sender at a pace, tell how far it is, and make sure that all arrived."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from producers.pace import paced
from producers.simulator.delivery import Delivery
from runtime.clock import Clock

TELL_EVERY_S = 1.0


class Progress(NamedTuple):
    """How far a drive is: what was handed over, seconds since the start, the time of the last event."""

    events: int
    bytes: int
    elapsed_s: float
    at_ms: int


class Sink(Protocol):
    """What takes events: `producers.sender.Sender`, or a list in a test."""

    def send(self, viewer_id: str, line: bytes) -> None:
        """Take one event or raise."""

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until all events have arrived; raise DeliveryError if some did not."""


def drive(
    deliveries: Iterable[Delivery],
    sink: Sink,
    clock: Clock,
    *,
    speed: float | None = None,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Send all deliveries and wait for their acknowledgement; return the totals.

    `tell` hears about once a second how far it is, and once at the end. Raises what the sink raises.
    An interruption (KeyboardInterrupt) leaves the sink to its owner, who closes it.
    """
    began_s = told_s = clock.monotonic_s()
    events = size = at_ms = 0
    for delivery in paced(deliveries, lambda d: d.at_ms, speed, clock):
        at_ms, viewer_id, line = delivery
        sink.send(viewer_id, line)
        events += 1
        size += len(line)
        now_s = clock.monotonic_s()
        if now_s - told_s >= TELL_EVERY_S:
            told_s = now_s
            tell(Progress(events, size, told_s - began_s, at_ms))
    sink.flush()
    progress = Progress(events, size, clock.monotonic_s() - began_s, at_ms)
    tell(progress)
    return progress
