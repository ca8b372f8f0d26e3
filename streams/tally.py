"""The conservation law in numbers. Pure."""

from msgspec import Struct


class Tally(Struct, array_like=True):
    """Every line received is exactly one of the other four."""

    received: int = 0
    applied: int = 0
    redundant: int = 0
    excluded: int = 0
    quarantined: int = 0

    @property
    def missing(self) -> int:
        """Lines that are none of the four. Anything but 0 is a defect."""
        return self.received - self.applied - self.redundant - self.excluded - self.quarantined
