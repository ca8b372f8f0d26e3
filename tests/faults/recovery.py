"""How long a recovery takes, and in what parts: a kill, a stop in good order, a restart with much state.

Workers write playback rows every 0.2 s here and the tables are asked every 0.05 s: so well is a first new row
known. In production it may come `playback_flush_s` later. The parts are read from the workers' logs.
"""

import contextlib
import os
import re
import signal
import statistics
import time

from benchmarks.viewers import NOW_MS
from producers.simulator import Dirt, SimulationSettings
from runtime.clock import SystemClock
from tests.faults.epochs import joined
from tests.faults.harness import scenario
from tests.faults.states import write_states

LIVE, MANY = 100_000, 1_000_000
PER_S = 400
FLUSH_S = 0.2
WORKER = {"paywall_flush_s": 1.0, "playback_flush_s": FLUSH_S, "checkpoint_s": 30.0}
"""As in production but for playback rows, whose first one is waited for."""
QUIET_S = 4
LOADED = re.compile(r"^(\S+ \S+),(\d+) .* loaded (\d+) partitions with (\d+) viewers in ([\d.]+) s", re.M)
BEGUN = re.compile(r"^(\S+ \S+),(\d+) .* the fold runs ", re.M)


def recovery(stack, *, seed, cycles=10, viewers=MANY, say=print):
    """kill -9 of one of three, dynamic and static; SIGTERM of one; a restart with a million viewers."""
    live = min(LIVE, viewers)
    outcome = joined(
        of_one_in_three(stack, seed, cycles, live, say), of_all(stack, seed, min(cycles, 3), viewers, say)
    )
    rows = [row for some in outcome.notes.get("rows", ()) for row in some]
    outcome.figures = {"Recovery, seconds: median / worst": rows}
    outcome.notes = {}
    return outcome


def of_one_in_three(stack, seed, cycles, viewers, say):
    with prepared(
        stack, f"one of three workers, {viewers:,} viewers", seed, viewers, 45 * cycles, say
    ) as run:
        names = ["one", "two", "three"]
        found = {}
        for name in names:
            run.start(name)
        run.begin()
        run.source.allow(1)
        found["kill -9, dynamic"] = repeated(run, cycles, killed)
        found["SIGTERM"] = repeated(run, cycles, stopped)
        run.stop_all(names)
        for name in names:
            run.start(name, instance_id=name)
        run.within(run.shared_out, "shared out")
        run.flowing()
        found["kill -9, static"] = repeated(run, cycles, killed)
        wanted = {"kill -9, dynamic": "8", "SIGTERM": "2", "kill -9, static": "8; silent < 0.5"}
        run.outcome.notes = {"rows": [[row(kind, some, wanted[kind]) for kind, some in found.items()]]}
    return run.outcome


def of_all(stack, seed, cycles, viewers, say):
    """One worker has everything, and is started anew: after SIGTERM, and after kill -9 with a stable name."""
    with prepared(stack, f"a restart, {viewers:,} viewers", seed, viewers, 120 * cycles, say) as run:
        found = {}
        run.start("one")
        run.begin()
        run.source.allow(1)
        found["restart after SIGTERM"] = repeated(run, cycles, restarted)
        run.stop("one")
        run.start("one", instance_id="one")
        run.within(run.shared_out, "shared out")
        run.flowing()
        found["restart after kill -9, static"] = repeated(run, cycles, killed_alone)
        run.outcome.notes = {"rows": [[row(kind, some, "10") for kind, some in found.items()]]}
    return run.outcome


def repeated(run, cycles, fault):
    """Do it so often; return what each took."""
    found = []
    for number in range(cycles):
        run.outcome.cycles += 1
        found.append(fault(run))
        parts = {name: round(seconds, 2) for name, seconds in found[-1].items() if seconds is not None}
        run.say(f"recovery: {fault.__name__} {number + 1} of {cycles}: {parts}")
    return found


@contextlib.contextmanager
def prepared(stack, title, seed, viewers, seconds, say):
    """A run whose warehouse has checkpoints before its workers start, and whose log goes on after them."""
    stream = SimulationSettings(
        seed=seed, start_ms=NOW_MS, max_events=PER_S * (seconds + 120), live_viewers=400, dirt=Dirt.none()
    )
    options = {"per_s": PER_S, "stream": stream, "worker": WORKER, "watch_s": 0.05}
    with scenario(stack, "recovery", title, seed, say, **options) as run:
        began = time.monotonic()
        count = write_states(run.pipeline.settings, viewers, len(run.partitions))
        say(f"recovery: {count:,} viewers in checkpoints after {time.monotonic() - began:.0f} s")
        yield run


def killed(run):
    """kill -9 of one of the workers, which is started again at once."""
    quiet = calm(run)
    victim = run.rng.choice(run.workers)
    mine = victim.partitions()
    run.jitter(FLUSH_S)
    os.kill(victim.process.pid, signal.SIGKILL)
    run.hit()
    moment = Moment(run)
    run.jitter(0.3)  # an insert that was under way may still land
    silence = run.recovered(mine, run.monitor.mark(), moment.since, set(run.partitions) - mine)
    found = moment.parts(run.outcome.recovery_s[-1])
    run.within(run.shared_out, "shared out")
    return found | {"silent": silence, "calm": quiet}


def stopped(run):
    """SIGTERM of one of the workers; the others take over. Its own last rows do not count."""
    quiet = calm(run)
    victim = run.rng.choice(run.workers)
    mine = victim.partitions()
    run.hit()
    moment = Moment(run)
    run.stop(victim.name)
    silence = run.recovered(mine, run.monitor.mark(), moment.since, set(run.partitions) - mine)
    found = moment.parts(run.outcome.recovery_s[-1])
    run.start(victim.name)
    run.within(run.shared_out, "shared out")
    return found | {"silent": silence, "calm": quiet}


def restarted(run):
    """The only worker ends in good order, and is started."""
    run.stop("one")
    return started(run, lambda: run.start("one"))


def killed_alone(run):
    """The only worker is killed, and is started again at once."""
    (worker,) = run.workers
    return started(run, lambda: os.kill(worker.process.pid, signal.SIGKILL))


def started(run, start):
    mark, moment = run.monitor.mark(), Moment(run)
    run.hit()
    start()
    run.recovered(set(run.partitions), mark, moment.since)
    found = moment.parts(run.outcome.recovery_s[-1])
    run.within(run.shared_out, "shared out")
    run.flowing()
    return found


def calm(run):
    """The longest silence of any partition while nothing is done to anybody."""
    run.flowing()
    since = time.monotonic()
    time.sleep(QUIET_S)  # what is measured
    until = time.monotonic()
    return max(run.monitor.longest_silence(number, since, until) for number in run.partitions)


class Moment:
    """The moment of a fault, by both clocks, and what the logs say of the time after it."""

    def __init__(self, run):
        self._folder = run.folder
        self.since, self._wall_s = time.monotonic(), SystemClock().now_ms() / 1000

    def parts(self, all_s):
        """What took how long of a recovery that took so long in all.

        The last load before the first new row is the one that mattered: a group may take two steps.
        """
        logs = [path.read_text(errors="replace") for path in self._folder.glob("*.log")]
        loads = [(self._after(found), float(found[5])) for log in logs for found in LOADED.finditer(log)]
        begun = [self._after(found) for log in logs for found in BEGUN.finditer(log)]
        done, load = max((one for one in loads if 0 < one[0] <= all_s), default=(all_s, 0.0))
        imports = max((at for at in begun if 0 < at <= done), default=0.0)
        return {"all": all_s, "imports": imports, "joined": done - load, "load": load, "replay": all_s - done}

    def _after(self, found):
        """Seconds from the moment to a line of a log."""
        return time.mktime(time.strptime(found[1], "%Y-%m-%d %H:%M:%S")) + int(found[2]) / 1000 - self._wall_s


def row(kind, found, wanted):
    """A line of the table."""
    made = {"": kind, "times": len(found), "wanted": wanted}
    names = {
        "all": "first new row", "imports": "process up at", "joined": "group settled at", "load": "load",
        "replay": "replay, flush", "silent": "others silent", "calm": "without a fault",
    }  # fmt: skip
    for name, title in names.items():
        values = [one[name] for one in found if one.get(name) is not None]
        made[title] = f"{statistics.median(values):.1f} / {max(values):.1f}" if values else ""
    return made
