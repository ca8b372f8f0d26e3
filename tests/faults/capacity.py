"""What two workers take on this machine, with all else on it: the measure of which a soak takes half.

The sender holds back while the workers are behind, so that they always have something to do and never
much. The capacity is what went through in the middle of the run, by its time.
"""

import time

from tests.faults.harness import scenario
from tests.faults.load import load

EVENTS = 3_000_000
FROM, TO = 0.1, 0.95
"""Of the events: before it the workers are young, after it the sender has no more."""
BEHIND_MESSAGES = 60
"""Five full packs a partition: most of a second's work."""
UNHELD_PER_S = 200_000
LIKE_PER_S = 20_000
"""The rate for which there are viewers."""
STEP_S = 0.1
WITHIN_S = 600


def capacity(stack, *, seed, events=EVENTS, say=print):
    """A run without faults; its one figure is the capacity, in events a second."""
    with scenario(
        stack, "capacity", f"{events:,} events, as fast as they are taken", seed, say,
        per_s=UNHELD_PER_S, **load(seed, LIKE_PER_S, events),
    ) as run:  # fmt: skip
        for name in ("one", "two"):
            run.start(name)
        run.begin()
        run.source.allow(1)
        per_s = taken_per_s(run)
        say(f"capacity: {per_s:,.0f} events a second")
        run.settle()
        run.outcome.figures = {"Capacity": [{"events/s": round(per_s)}]}
    return run.outcome


def taken_per_s(run):
    """Hold the sender whenever the workers are behind; return the events a second between `FROM` and `TO`."""
    began = None
    until = time.monotonic() + WITHIN_S
    while run.source.sent < TO * run.source.events and time.monotonic() < until:
        run.source.held = are_behind(run)
        if began is None and run.source.sent >= FROM * run.source.events:
            began = (time.monotonic(), run.source.sent)
        time.sleep(STEP_S)
    run.source.held = False
    at, sent = began
    return (run.source.sent - sent) / (time.monotonic() - at)


def are_behind(run):
    """Whether the workers have messages to fold, as their pages say; so it is when one does not answer."""
    pages = [worker.health() for worker in run.workers]
    return not all(pages) or sum(p["lag"] for page in pages for p in page["partitions"]) > BEHIND_MESSAGES
