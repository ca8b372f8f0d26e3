"""At which speed recorded or simulated time passes. The clock is injected."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from runtime.clock import Clock

T = TypeVar("T")
LONGEST_NAP_S = 0.05


def paced(items: Iterable[T], at_ms: Callable[[T], int], speed: float | None, clock: Clock) -> Iterator[T]:
    """Yield the items when their time has come; the first one at once.

    Args:
        items: in the order of their times.
        at_ms: the time of an item.
        speed: 1 is real time, 60 a minute a second, None as fast as possible.
        clock: what measures and waits.
    """
    if speed is not None and speed <= 0:
        raise ValueError(f"speed is {speed}: it must be above 0, or None for no pace")
    began_s: float | None = None
    first_ms = 0
    for item in items:
        if speed is not None:
            if began_s is None:
                began_s, first_ms = clock.monotonic_s(), at_ms(item)
            due_s = began_s + (at_ms(item) - first_ms) / 1000 / speed
            while (wait_s := due_s - clock.monotonic_s()) > 0:
                clock.sleep(min(wait_s, LONGEST_NAP_S))
        yield item
