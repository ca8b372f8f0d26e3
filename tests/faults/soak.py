"""The soak: half an hour of events at a steady pace, a random fault every 20 to 60 s; then all is compared.

The oracle is plain Python and cannot take millions of events, so it gets one stream, of which disjoint copies
are sent (copies.py). What happened at a paywall is kept for 51 hours and the lateness, and longer with who
comes back within them, so a state grows for that long, whoever looks after it. Simulated time runs `SPEED`
times as fast as real time and the lateness is one hour: in the second half of half an hour as much is
forgotten as comes, and memory must be flat. Of a shorter soak memory is told and not judged.
"""

import os
import signal
import statistics
import time

from producers.simulator import Dirt, SimulationSettings
from schemas.rules import HOUR_MS, MINUTE_MS
from tests.faults.broken import HOW
from tests.faults.copies import TAGS
from tests.faults.harness import HANG_S, SESSION_S, scenario
from tests.faults.samples import Samples
from tests.faults.servers import freeze_warehouse, kill_broker, kill_warehouse, strike_any
from tests.faults.trend import memory_rows, trend

COPIES = len(TAGS)
SPEED = 430
KEPT_H = 105
"""Simulated hours after which a state forgets as much as comes: twice what `Partition.enter_slot` keeps, for
what is packed together is dropped together."""
VIEWERS = 2_000
"""Of one copy, in all: so few are live at once that a partition would otherwise have a hundred."""
EVENTS_A_VIEWER_S = 0.2
"""What the simulator makes of a live viewer, a second of simulated time."""
PAUSE_S = (20, 60)
BACK_WITHIN_S = 180
RULES = {"lateness_ms": HOUR_MS, "sitting_gap_ms": 20 * MINUTE_MS}
AS_IN_PRODUCTION = {"checkpoint_s": 30.0, "playback_flush_s": 5.0, "paywall_flush_s": 1.0}
DIRT = Dirt(duplicates=0.10, disorder=0.05, malformed=0.01, offline_hours=0.5)


def soak(stack, *, seed, minutes=30, rate=10_000, broken=None, say=print):
    """Two workers, 12 partitions, faults of T1 to T5; lag back at zero, no row wrong, memory flat."""
    launch = {"command": ("tests.faults.broken", broken, "worker")} if broken else {}
    assert broken is None or broken in HOW
    with scenario(
        stack, "soak", f"{minutes:g} minutes at {rate:,}/s", seed, say,
        per_s=rate, stream=stream_of(seed, rate, minutes), copies=COPIES, worker=AS_IN_PRODUCTION, fold=RULES,
    ) as run:  # fmt: skip
        for name in ("one", "two"):
            run.start(name, **launch)
        run.begin()
        run.source.allow(1)
        samples, told = Samples(run), []
        try:
            torment(run, samples, time.monotonic() + minutes * 60, launch, told)
            run.source.finish()
            finished = time.monotonic()
            run.settle_counting()
        finally:
            samples.close()
            run.outcome.figures = figures(run, samples, told)
        behind = [lag.at - finished for lag in samples.lags if lag.at > finished and not lag.behind]
        say(f"soak: no lag {min(behind, default=float('nan')):.1f} s after the last event")
        steady = trend(samples.memory, len(run.partitions))
        if steady.grows and settles(minutes, rate):
            run.outcome.hangs.append(f"memory is not flat: {steady}")
        run.conclude()
    return run.outcome


def settles(minutes, rate):
    """Whether by the half of a soak the state has become as large as it will be."""
    speed = rate / COPIES / live_viewers(rate) / EVENTS_A_VIEWER_S
    return minutes / 2 * speed >= KEPT_H * 60


def stream_of(seed, rate, minutes):
    """One of the copies: so many live viewers that they make their share of the rate."""
    return SimulationSettings(
        seed=seed, max_events=int(rate * minutes * 60 / COPIES), live_viewers=live_viewers(rate),
        population=VIEWERS, eagerness=3, dirt=DIRT, lateness_ms=RULES["lateness_ms"],
    )  # fmt: skip


def live_viewers(rate):
    """How many live viewers of one copy make its share of the rate at `SPEED`; five at least."""
    return max(round(rate / COPIES / SPEED / EVENTS_A_VIEWER_S), 5)


def torment(run, samples, until, launch, told):
    """Strike every 20 to 60 s until the time is over; tell what was done and when the lag was back."""
    kinds = []
    run.jitter(PAUSE_S[0])
    while time.monotonic() < until:
        kinds = kinds or run.rng.sample(sorted(FAULTS), len(FAULTS))
        kind = kinds.pop()
        next_at = time.monotonic() + run.rng.uniform(*PAUSE_S)
        began = time.monotonic()
        run.outcome.cycles += 1
        FAULTS[kind](run, launch)
        over = time.monotonic()
        run.within(lambda over=over: samples.back_since(over), f"caught up after {kind}", BACK_WITHIN_S)
        back = samples.back_since(over)
        worst = max(samples.seconds_behind(lag) for lag in list(samples.lags) if began <= lag.at <= back)
        told.append({"fault": kind, "took": over - began, "worst": worst, "back": back - over})
        run.outcome.recovery_s.append(round(back - over, 1))
        run.outcome.kinds.setdefault(kind, []).append(run.outcome.recovery_s[-1])
        run.say(
            f"soak: {kind} for {over - began:.1f} s, {worst:.1f} s behind, back after {back - over:.1f} s"
        )
        while time.monotonic() < min(next_at, until):
            time.sleep(0.2)


def kill_worker(run, launch):
    del launch
    victim = run.rng.choice(run.workers)
    if victim.alive and victim.partitions():
        os.kill(victim.process.pid, signal.SIGKILL)
        run.hit()


def freeze_worker(run, launch):
    """Past its session: somebody else takes over, and the zombie goes on when it is woken."""
    del launch
    victim = run.rng.choice(run.workers)
    if victim.alive and victim.partitions():
        run.hit()
    os.kill(victim.process.pid, signal.SIGSTOP)
    time.sleep(SESSION_S + 4 * run.rng.random())
    os.kill(victim.process.pid, signal.SIGCONT)


def scale(run, launch):
    """Two workers, three, two: one of the three leaves, whichever."""
    name = f"more-{run.outcome.cycles}"
    run.start(name, **launch)
    run.within(run.shared_out, "shared out over three", HANG_S)
    run.hit()
    run.jitter(5)
    run.stop(run.rng.choice(run.workers).name)


def stop_broker(run, launch):
    """In good order, away for some seconds, and back."""
    del launch
    service = run.stack.kafka
    service.stop()
    if service.pid is None:
        run.hit()
    run.jitter(5)
    service.start()


FAULTS = {
    "kill -9 of a worker": kill_worker,
    "a worker frozen past its session": freeze_worker,
    "two workers, three, two": scale,
    "kill -9 of the warehouse": lambda run, _: kill_warehouse(run),
    "the warehouse frozen": lambda run, _: freeze_warehouse(run),
    "an acknowledgement lost, or an INSERT cut": lambda run, _: strike_any(run),
    "kill -9 of the broker": lambda run, _: kill_broker(run),
    "the broker stopped and started": stop_broker,
}


def figures(run, samples, told):
    """The tables of a soak: each fault, the lag, the memory."""
    rounded = [{name: round(v, 1) if isinstance(v, float) else v for name, v in row.items()} for row in told]
    lags = [samples.seconds_behind(lag) for lag in samples.lags]
    lag = {
        "events": f"{run.source.sent:,}",
        "lag, s of traffic: worst": round(samples.worst_s(), 1),
        "median": round(statistics.median(lags or [0]), 2),
        "messages behind at the end": samples.lags[-1].behind if lags else "",
    }
    return {
        "Soak: faults, seconds": rounded,
        "Soak: lag": [lag],
        "Soak: memory": memory_rows(samples.memory, len(run.partitions)),
    }
