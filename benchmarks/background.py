"""Viewers in the background: a process of its own that simulates lines first and then sends them at a rate.

`python -m benchmarks.background BOOTSTRAP RATE SECONDS`: says `ready` when the lines are there, begins when
it reads a line, ends after so many seconds with one line of JSON. It owns IO.
"""

import gc
import json
import sys
import time

from producers.sender import Sender, SenderSettings
from producers.simulator import Dirt, SimulationSettings, simulate
from runtime.brokers import Brokers
from streams.app import GC_THRESHOLDS

EVENTS_A_VIEWER_S = 0.2
STEPS_A_SECOND = 200


def simulated(rate: int, seconds: int) -> list[tuple[str, bytes]]:
    """Return viewers and lines of a platform of the size that has such a rate.

    No line says when it was received: the broker's clock stands in, so each happens when it is sent.
    Copies and overtaken lines are left out, which do say so.
    """
    settings = SimulationSettings(
        seed=21,
        live_viewers=round(rate / EVENTS_A_VIEWER_S),
        warm_up_s=5.0,
        series=400,
        max_events=rate * seconds,
        dirt=Dirt(malformed=0, late=0, duplicates=0, disorder=0, without_received_at=1),
    )
    return [(delivery.viewer_id, delivery.line) for delivery in simulate(settings)]


def send(sender: Sender, lines: list[tuple[str, bytes]], rate: int) -> float:
    """Send all lines at the rate; return the seconds that it took."""
    step = max(rate // STEPS_A_SECOND, 1)
    began = time.monotonic()
    for first in range(0, len(lines), step):
        ahead_s = began + first / rate - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
        for viewer_id, line in lines[first : first + step]:
            sender.send(viewer_id, line)
    sender.flush()
    return time.monotonic() - began


def main() -> None:
    """Simulate, wait for the word, send."""
    gc.set_threshold(*GC_THRESHOLDS)
    bootstrap, rate, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    lines = simulated(rate, seconds)
    with Sender(SenderSettings(brokers=Brokers(bootstrap=bootstrap))) as sender:
        print("ready", flush=True)
        if sys.stdin.readline():
            took_s = send(sender, lines, rate)
            print(json.dumps({"sent": sender.delivered, "seconds": took_s}), flush=True)


if __name__ == "__main__":
    main()
