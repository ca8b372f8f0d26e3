"""What the simulator hands out: one line at the moment at which it reaches the topic."""

from typing import NamedTuple


class Delivery(NamedTuple):
    """A line, the viewer who keys it, and the simulated ms since the epoch at which it arrives."""

    at_ms: int
    viewer_id: str
    line: bytes
