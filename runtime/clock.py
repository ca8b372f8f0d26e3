"""The wall clock, as an argument. The only place that asks the machine what time it is."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time in milliseconds since the epoch (UTC), monotonic seconds, and waiting."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""

    def monotonic_s(self) -> float:
        """Seconds that never go back, from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Block for a while. Nothing happens for zero or less."""


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds that never go back, from an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for a while. Nothing happens for zero or less."""
        if seconds > 0:
            time.sleep(seconds)
