"""T3, T4: a warehouse and a broker that die, freeze, lose what they said, or are cut off."""

import time

from tests.faults.harness import scenario
from tests.faults.proxy import CutInsert, LoseReply

TABLES = (b"", b"", b"episode_minutes", b"checkpoints", b"sittings")


def t3(stack, *, seed, cycles=100, events=100_000, say=print):
    """The warehouse: of ten faults two are kill -9, one SIGSTOP, five lost replies, two cut inserts."""
    kinds = (["kill"] * 2 + ["stop"] + ["lost reply"] * 5 + ["cut insert"] * 2) * -(-cycles // 10)
    with scenario(
        stack, "T3", "warehouse: killed, frozen, reply lost, insert cut", seed, say,
        events=events, per_s=events / (cycles + 2) / 3.5,
    ) as run:  # fmt: skip
        run.rng.shuffle(kinds)
        if cycles < 10:
            kinds = ["kill", "stop", "lost reply", "cut insert"] * 3
        for name in ("one", "two"):
            run.start(name, extra={"CLIFFHANGER_CLICKHOUSE__SEND_RECEIVE_TIMEOUT_S": "4"})
        run.begin()
        times = {}
        for number in run.cycles(cycles):
            run.jitter(0.5)
            kind = kinds[number]
            WAREHOUSE[kind](run)
            since, mark = time.monotonic(), run.monitor.mark()
            run.recovered(set(run.partitions), mark, since)
            times.setdefault(kind, []).append(run.outcome.recovery_s[-1])
        run.outcome.kinds = times  # from when it was back
        run.settle()
    return run.outcome


def kill_warehouse(run):
    service = run.stack.clickhouse
    alive = service.pid is not None
    service.kill()
    if alive and service.pid is None:
        run.hit()
    run.jitter(2)
    service.start()


def freeze_warehouse(run):
    service = run.stack.clickhouse
    service.pause()
    run.within(lambda: service.process.suspended, "suspended", 5)
    run.hit()
    time.sleep(5 + 2 * run.rng.random())  # past the workers' timeout: what they sent is sent again
    service.resume()


def strike(run, fault):
    proxy = run.proxies[run.rng.choice(run.workers).name]
    proxy.arm(fault)
    run.within(fault.hit.is_set, f"{type(fault).__name__} struck")
    run.hit()


def strike_any(run):
    """Lose the reply to some INSERT, or cut it."""
    table = run.rng.choice(TABLES)
    strike(run, run.rng.choice((LoseReply(table), CutInsert(run.rng.random(), table))))


WAREHOUSE = {
    "kill": kill_warehouse,
    "stop": freeze_warehouse,
    "lost reply": lambda run: strike(run, LoseReply(run.rng.choice(TABLES))),
    "cut insert": lambda run: strike(run, CutInsert(run.rng.random(), run.rng.choice(TABLES))),
}


def t4(stack, *, seed, cycles=15, events=100_000, say=print):
    """The broker: two of three faults are kill -9 and restart, one is 30 s without an answer."""
    with scenario(
        stack, "T4", "broker: killed, unreachable for 30 s", seed, say,
        events=events, per_s=events / (cycles + 2) / 35,
    ) as run:  # fmt: skip
        for name in ("one", "two", "three"):
            run.start(name)
        run.begin()
        times = {}
        for number in run.cycles(cycles):
            run.jitter(1)
            kind = "unreachable" if number % 3 == 2 else "kill"
            BROKER[kind](run)
            since, mark = time.monotonic(), run.monitor.mark()
            run.recovered(set(run.partitions), mark, since)
            times.setdefault(kind, []).append(run.outcome.recovery_s[-1])
            run.within(run.shared_out, "shared out")
        run.outcome.kinds = times  # from when it answered
        run.settle()
    return run.outcome


def kill_broker(run):
    service = run.stack.kafka
    alive = service.pid is not None
    service.kill()
    if alive and service.pid is None:
        run.hit()
    service.start()


def freeze_broker(run):
    service = run.stack.kafka
    service.pause()
    run.within(lambda: service.process.suspended, "suspended", 5)
    run.hit()
    time.sleep(30)
    service.resume()


BROKER = {"kill": kill_broker, "unreachable": freeze_broker}
