"""T1, T2, T5: workers that are killed, frozen past their session, and scaled up and down."""

import os
import signal
import time

from tests.faults.harness import SESSION_S, scenario


def t1(stack, *, seed, cycles=100, events=200_000, say=print, command=None):
    """kill -9 of a worker at any moment; a platform starts it again. Half of the cycles with stable names."""
    launch = {"command": command} if command else {}
    with scenario(
        stack, "T1", "kill -9 of a worker", seed, say, events=events, per_s=events / (cycles + 2) / 8
    ) as run:
        names = ["one", "two", "three"]
        for name in names:
            run.start(name, **launch)
        run.begin()
        static = False
        silences = {"dynamic": [], "static": []}
        recoveries = {"dynamic": [], "static": []}
        for number in run.cycles(cycles):
            if not static and number >= cycles // 2:
                static = True
                for name in names:
                    run.stop(name)
                for name in names:
                    run.start(name, instance_id=name, **launch)
                run.within(run.shared_out, "shared out")
                run.flowing()
            kill_one(run, recoveries, silences, "static" if static else "dynamic")
        run.outcome.notes = {"recovery": recoveries, "silence of the others": silences}
        run.settle()
    return run.outcome


def kill_one(run, recoveries, silences, kind):
    run.jitter(1.0)
    victim = run.rng.choice(run.workers)
    mine = victim.partitions()
    others = set(run.partitions) - mine
    if victim.alive and mine:
        os.kill(victim.process.pid, signal.SIGKILL)
        run.hit()
    since = time.monotonic()
    run.jitter(0.3)  # an insert that was under way may still land
    silence = run.recovered(mine, run.monitor.mark(), since, others)
    recoveries[kind].append(run.outcome.recovery_s[-1])
    silences[kind].append(round(silence, 2))
    run.within(run.shared_out, "shared out")
    run.flowing()


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
        zombie_writes = 0
        for _ in run.cycles(cycles):
            run.jitter(0.5)
            victim = run.rng.choice(run.workers)
            proxy, mine = run.proxies[victim.name], victim.partitions()
            proxy.hold()
            run.within(lambda proxy=proxy: proxy.held_bytes > 0, "an insert under way", 10)
            os.kill(victim.process.pid, signal.SIGSTOP)
            since, mark = time.monotonic(), run.monitor.mark()
            if victim.alive and mine:
                run.hit()
            others = [worker for worker in run.workers if worker is not victim]
            run.within(
                lambda others=others: sum(len(w.partitions()) for w in others) == len(run.partitions),
                "taken over",
                SESSION_S + 30,
            )
            run.recovered(mine, mark, since)
            zombie_writes += proxy.held_bytes > 0
            proxy.release()
            os.kill(victim.process.pid, signal.SIGCONT)
            run.within(run.shared_out, "shared out")
            run.flowing()
        run.outcome.notes = {"held inserts of zombies that landed after the takeover": zombie_writes}
        run.settle()
    return run.outcome


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
            since, mark = time.monotonic(), run.monitor.mark()
            run.within(run.shared_out, "shared out over three")
            run.hit()
            run.jitter(0.5)
            leaving = run.rng.sample(names, 2)
            since, mark = time.monotonic(), run.monitor.mark()
            for name in leaving:
                run.stop(name)
            run.recovered(set(run.partitions), mark, since)
            run.within(run.shared_out, "all at one")
        run.settle()
    return run.outcome
