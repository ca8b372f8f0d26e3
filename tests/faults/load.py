"""What a long run sends, disjoint copies of one stream (copies.py), and how its workers are set.

What happened at a paywall is kept for 51 hours and the lateness, and longer with who comes back within them,
so a state grows for that long, whoever looks after it. Simulated time therefore runs `SPEED` times as fast as
real time and the lateness is one hour: in the second half of half an hour as much is forgotten as comes.
"""

from producers.simulator import Dirt, SimulationSettings
from schemas.rules import HOUR_MS, MINUTE_MS
from tests.faults.copies import TAGS

COPIES = len(TAGS)
SPEED = 430
KEPT_H = 105
"""Simulated hours after which a state forgets as much as comes: twice what `Partition.enter_slot` keeps, for
what is packed together is dropped together."""
VIEWERS = 2_000
"""Of one copy, in all: so few are live at once that a partition would otherwise have a hundred."""
EVENTS_A_VIEWER_S = 0.2
"""What the simulator makes of a live viewer, a second of simulated time."""
RULES = {"lateness_ms": HOUR_MS, "sitting_gap_ms": 20 * MINUTE_MS}
AS_IN_PRODUCTION = {"checkpoint_s": 30.0, "playback_flush_s": 5.0, "paywall_flush_s": 1.0}
WATCH_S = 2.0
"""How often the harness asks how far rows reach: of use at the beginning only, and work for the engine."""
DIRT = Dirt(duplicates=0.10, disorder=0.05, malformed=0.01, offline_hours=0.5)


def load(seed, rate, events, speed=SPEED):
    """What a scenario is given to send so many events of all copies, and to fold them."""
    return {
        "stream": stream(seed, rate, events, speed),
        "copies": COPIES,
        "worker": AS_IN_PRODUCTION,
        "fold": RULES,
        "watch_s": WATCH_S,
    }


def stream(seed, rate, events, speed):
    """One of the copies: so many live viewers that they make their share of the rate."""
    return SimulationSettings(
        seed=seed, max_events=int(events / COPIES), live_viewers=live_viewers(rate, speed),
        population=VIEWERS, eagerness=3, dirt=DIRT, lateness_ms=RULES["lateness_ms"],
    )  # fmt: skip


def live_viewers(rate, speed):
    """How many live viewers of one copy make its share of the rate at a speed; five at least."""
    return max(round(rate / COPIES / speed / EVENTS_A_VIEWER_S), 5)


def settles(minutes, rate, speed):
    """Whether after half of so many minutes at a rate the state is as large as it will be."""
    speed = rate / COPIES / live_viewers(rate, speed) / EVENTS_A_VIEWER_S
    return minutes / 2 * speed >= KEPT_H * 60
