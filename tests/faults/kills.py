"""T1, T2, T5: workers that are killed, frozen past their session, and scaled up and down."""

import os
import signal
import time

from tests.faults.harness import SESSION_S, scenario
from tests.faults.proxy import HoldInsert


def t1(stack, *, seed, cycles=100, events=200_000, say=print, command=None):
    """kill -9 of one worker or of two at any moment; a platform starts them again. Half with stable names."""
    launch = {"command": command} if command else {}
    with scenario(
        stack, "T1", "kill -9 of a worker", seed, say, events=events, per_s=events / (cycles + 2) / 5
    ) as run:
        names = ["one", "two", "three"]
        for name in names:
            run.start(name, **launch)
        run.begin()
        static = False
        recoveries, silences = {"dynamic": [], "static": []}, []
        for number, kills in run.grouped_cycles(groups(run.rng, cycles)):
            if not static and number >= cycles // 2:
                static = True
                run.stop_all(names)
                for name in names:
                    run.start(name, instance_id=name, **launch)
                run.within(run.shared_out, "shared out")
                run.flowing()
            kind = "static" if static else "dynamic"
            silence = kill(run, kills, recoveries[kind])
            if static:
                silences.append(round(silence, 2))
        run.outcome.kinds = recoveries
        run.outcome.notes = {"silence of the others, static": silences}
        run.settle()
    return run.outcome


def groups(rng, cycles):
    """How many are killed at once: half of the time one, half of the time two of the three."""
    while cycles:
        size = min(rng.choice((1, 2)), cycles)
        yield size
        cycles -= size


def kill(run, count, recoveries):
    """Kill some workers at once; return the longest silence of the partitions of the others.

    The next kill waits until all partitions have an owner, so that it strikes somebody who has some.
    """
    run.jitter(1.0)
    victims = run.rng.sample(run.workers, count)
    theirs = {victim.name: victim.partitions() for victim in victims}
    others = set(run.partitions) - set().union(*theirs.values())
    for victim in victims:
        if victim.alive and theirs[victim.name]:
            os.kill(victim.process.pid, signal.SIGKILL)
            run.hit()
    since = time.monotonic()
    run.jitter(0.3)  # an insert that was under way may still land
    mark, silence = run.monitor.mark(), 0.0
    for mine in filter(None, theirs.values()):
        silence = run.recovered(mine, mark, since, others) or silence
        recoveries.append(run.outcome.recovery_s[-1])
    run.within(run.shared_out, "shared out")
    return silence


def t2(stack, *, seed, cycles=10, events=50_000, say=print, command=None):
    """SIGSTOP with an insert under way, others take over, the insert lands, SIGCONT: it goes on writing."""
    launch = {"command": command} if command else {}
    with scenario(
        stack, "T2", "zombie: SIGSTOP past the session", seed, say,
        events=events, per_s=events / (cycles + 2) / 18,
    ) as run:  # fmt: skip
        for name in ("one", "two", "three"):
            run.start(name, **launch)
        run.begin()
        for _ in run.cycles(cycles):
            run.jitter(0.5)
            freeze(run, run.rng.choice(run.workers))
        run.settle()
    return run.outcome


def freeze(run, victim):
    """Suspend a worker in the middle of an INSERT, which lands when others have rows of its partitions.

    It counts only if to the end the worker was suspended and its INSERT held.
    """
    proxy, mine = run.proxies[victim.name], victim.partitions()
    others = [worker for worker in run.workers if worker is not victim]
    held = proxy.arm(HoldInsert())
    run.within(held.hit.is_set, "an INSERT under way", 10)
    os.kill(victim.process.pid, signal.SIGSTOP)
    since, mark = time.monotonic(), run.monitor.mark()
    run.within(lambda: owned_by(others) == list(run.partitions), "taken over", SESSION_S + 30)
    run.recovered(mine, mark, since)
    if mine and victim.suspended and proxy.held_insert_bytes > 0:
        run.hit()
    proxy.release()
    os.kill(victim.process.pid, signal.SIGCONT)
    run.within(run.shared_out, "shared out")
    run.flowing()


def owned_by(workers):
    return sorted(partition for worker in workers for partition in worker.partitions())


def t5(stack, *, seed, cycles=30, events=100_000, say=print):
    """One worker, then three, then one again; those that leave are asked to."""
    with scenario(
        stack, "T5", "scaling 1 -> 3 -> 1", seed, say, events=events, per_s=events / (cycles + 2) / 10
    ) as run:
        run.start("one")
        run.begin()
        names = ["one", "two", "three"]
        for _ in run.cycles(cycles):
            run.jitter(0.5)
            for name in names:
                if name not in run.supervisor.workers:
                    run.start(name)
            run.within(run.shared_out, "shared out over three")
            run.hit()
            run.jitter(0.5)
            since = time.monotonic()
            run.stop_all(run.rng.sample(names, 2))
            mark = run.monitor.mark()  # the last rows of those that left are not those of a successor
            run.recovered(set(run.partitions), mark, since)
            run.within(run.shared_out, "all at one")
        run.settle()
    return run.outcome
