"""The soak: half an hour at half of the capacity, a random fault every 20 to 60 s; then all is compared.

The oracle is plain Python and cannot take millions of events, so it gets one stream, of which disjoint copies
are sent. In the second half as much is forgotten as comes (load.py), and memory must be flat. Of a shorter
soak memory is told and not judged.
"""

import os
import signal
import statistics
import time

from tests.faults.broken import HOW
from tests.faults.capacity import capacity
from tests.faults.harness import HANG_S, SESSION_S, scenario
from tests.faults.load import SPEED, load, settles
from tests.faults.samples import Samples
from tests.faults.servers import freeze_warehouse, kill_broker, kill_warehouse, strike_any
from tests.faults.trend import memory_rows, peaks, trend

PAUSE_S = (20, 60)
BACK_WITHIN_S = 180


def soak(stack, *, seed, minutes=30, rate=None, speed=SPEED, calm=False, broken=None, say=print):
    """Two workers, 12 partitions, faults of T1 to T5; lag back at zero, no row wrong, memory flat.

    The rate, in events a second, is half of the capacity, which is measured first, unless it is given. A calm
    soak is without faults: each process lives to the end.
    """
    assert broken is None or broken in HOW
    first = None
    if rate is None:
        first = capacity(stack, seed=seed, say=say)
        if not first.passed:
            return first
        rate = first.figures["Capacity"][0]["events/s"] // 2
    launch = {"command": ("tests.faults.broken", broken, "worker")} if broken else {}
    with scenario(
        stack, "soak", f"{minutes:g} minutes at {rate:,}/s", seed, say,
        per_s=rate, **load(seed, rate, rate * minutes * 60, speed),
    ) as run:  # fmt: skip
        for name in ("one", "two"):
            run.start(name, **launch)
        run.begin()
        run.source.allow(1)
        samples, told = Samples(run), []
        try:
            until = time.monotonic() + minutes * 60
            if calm:
                watch(run, samples, until)
            else:
                torment(run, samples, until, launch, told)
            run.source.finish()
            finished = time.monotonic()
            run.settle_counting()
        finally:
            samples.close()
            run.outcome.figures = (first.figures if first else {}) | figures(run, samples, told)
        behind = [lag.at - finished for lag in samples.lags if lag.at > finished and not lag.behind]
        say(f"soak: no lag {min(behind, default=float('nan')):.1f} s after the last event")
        run.outcome.notes["memory"] = [
            sample._replace(at=round(sample.at - samples.began, 1)) for sample in samples.memory
        ]
        judged = (trend if calm else peaks)(samples.memory, len(run.partitions))
        if judged.grows and settles(minutes, rate, speed):
            run.outcome.hangs.append(f"memory is not flat: {judged}")
        run.conclude()
    return run.outcome


def watch(run, samples, until):
    """Tell once a minute how it goes."""
    while time.monotonic() < until:
        time.sleep(60)
        mb = sum(sample.mb for sample in samples.memory[-len(run.workers) :])
        run.say(f"soak: {run.source.sent:,} of {run.source.events:,} sent, {mb:.0f} MB in all workers")


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
    most = peaks(samples.memory, len(run.partitions))
    return {
        "Soak: faults, seconds": rounded,
        "Soak: lag": [lag],
        "Soak: memory": memory_rows(samples.memory, len(run.partitions)),
        "Soak: the most of both workers together, MB": [most._asdict()],
    }
