"""T10: what once hung, lost or doubled, each as one short run."""

import os
import re
import signal
import time

from kafka import KafkaAdminClient, TopicPartition

from producers.packing import PackLimits
from schemas.topics import CONSUMER_GROUP, PLAYER_EVENTS
from streams.delivery import MOST_AHEAD_BYTES
from tests.faults.harness import scenario

EVENTS = 8_000
STOP_DEADLINE_S = 8.0
MORE_THAN_WAITS = 60_000
"""Messages of one event each, about 800 bytes: a worker holds 32 MB of them."""
FULL_S = 15
"""More than two sessions."""


def trap(title, *, workers=("one", "two"), events=EVENTS, per_s=120, **options):
    """Make a scenario of a function that torments a run with events flowing through its workers."""

    def decorate(torment):
        def run_it(stack, *, seed, say=print, cycles=1, events=events):
            del cycles
            with scenario(stack, "T10", title, seed, say, events=events, per_s=per_s, **options) as run:
                run.outcome.cycles = 1
                for name in workers:
                    run.start(name)
                if workers:
                    run.begin()
                    run.source.allow(0.5)
                torment(run)
            return run.outcome

        return run_it

    return decorate


@trap("broker frozen during a rebalance")
def frozen_rebalance(run):
    """A killed worker joins again, the group waits for its former self: then the broker stops."""
    os.kill(run.workers[0].process.pid, signal.SIGKILL)
    admin = KafkaAdminClient(bootstrap_servers=run.stack.bootstrap)
    try:
        run.within(lambda: state_of_group(admin) == "PreparingRebalance", "preparing to rebalance")
    finally:
        admin.close()
    run.stack.kafka.pause()
    if not run.shared_out():
        run.hit()
    time.sleep(16)
    since, mark = time.monotonic(), run.monitor.mark()
    run.stack.kafka.resume()
    run.recovered(set(run.partitions), mark, since)
    run.within(run.shared_out, "shared out")
    run.settle()


def state_of_group(admin):
    """What the broker says the group is doing."""
    return admin.describe_groups([CONSUMER_GROUP])[CONSUMER_GROUP]["group_state"]


@trap("SIGTERM while the broker is away")
def term_without_broker(run):
    run.stack.kafka.pause()
    run.within(lambda: run.stack.kafka.process.suspended, "suspended", 5)
    run.hit()
    for name in list(run.supervisor.workers):
        run.stop(name)
    run.stack.kafka.resume()
    slowest = max(run.outcome.stop_s)
    assert slowest < STOP_DEADLINE_S + 4, f"a worker took {slowest} s to leave"
    run.start("three")
    run.flowing()
    run.settle()


@trap("retention past the checkpoint: stop and alarm", workers=("one",))
def retention(run):
    """The log's head is deleted past the checkpoint of one partition, with no worker there to read it."""
    victim = 3
    run.flowing()
    run.stop("one")
    (covered,) = run.pipeline.query(f"SELECT max(next_offset) FROM checkpoints WHERE partition = {victim}")[0]
    run.source.finish()
    tp = TopicPartition(PLAYER_EVENTS.name, victim)
    admin = KafkaAdminClient(bootstrap_servers=run.stack.bootstrap)
    try:
        admin.delete_records({tp: covered + 2})
    finally:
        admin.close()
    run.hit()
    mark = run.monitor.mark()
    worker = run.start("two")

    def alarmed():
        health = worker.health() or {"partitions": []}
        return any(p["partition"] == victim and "retention" in p["stopped"] for p in health["partitions"])

    run.within(alarmed, "alarmed")
    others = set(run.partitions) - {victim}
    run.within(lambda: run.monitor.are_past(mark, others), "rows of the other partitions")
    run.stop("two")
    (after,) = run.pipeline.query(f"SELECT max(next_offset) FROM checkpoints WHERE partition = {victim}")[0]
    assert after == covered, f"the stopped partition went on from {covered} to {after}"
    run.outcome.events = run.source.events


@trap("first rebalance of a fresh group", worker={"checkpoint_s": 600.0, "checkpoint_share": 1e-6})
def fresh_group(run):
    """Offsets are committed and no checkpoint exists when the partitions change hands, and workers die."""
    run.flowing()
    assert run.pipeline.query("SELECT count() FROM checkpoints")[0][0] == 0
    run.start("three")
    run.within(run.shared_out, "shared out")
    run.flowing()
    for worker in run.workers:
        os.kill(worker.process.pid, signal.SIGKILL)
    run.hit()
    since, mark = time.monotonic(), run.monitor.mark()
    run.recovered(set(run.partitions), mark, since)
    run.source.finish()
    finish_without_waiting(run)


def finish_without_waiting(run):
    """Checkpoints come with the end of the workers only, and one more worker reads what they left."""
    for name in list(run.supervisor.workers):
        run.stop(name)
    run.start("last", extra={"CLIFFHANGER_WORKER__CHECKPOINT_S": "3"})
    run.settle()


@trap("acknowledgement while rebalancing")
def ack_while_rebalancing(run):
    """Each join is one generation: an acknowledgement in the middle would start another one."""
    joins = 4
    before = newest_generation(run)
    for number in range(joins):
        run.start(f"joins-{number}")
        run.within(run.shared_out, "shared out")
        run.flowing()
    run.hit()
    generations = newest_generation(run) - before
    assert joins <= generations <= joins + 1, f"{joins} joins took {generations} generations"
    run.outcome.notes = {"joins": joins, "generations": generations}
    run.settle()


def newest_generation(run):
    logs = "".join(path.read_text(errors="replace") for path in run.folder.glob("*.log"))
    return max(map(int, re.findall(r"streams\.assignment generation (\d+):", logs)), default=0)


@trap("two workers under one instance name", workers=(), events=12_000, per_s=250)
def one_name_twice(run):
    """Nobody may do it. Whatever the group makes of it, no row is wrong, and it ends with the second one."""
    for name in ("one", "two"):
        run.start(name, instance_id="the-same")
    run.source.allow(0.02)
    run.source.begin()
    run.flowing({}, 90)
    run.source.allow(0.7)
    run.hit()
    mark = run.monitor.mark()
    deadline = time.monotonic() + 25
    while time.monotonic() < deadline:
        time.sleep(0.5)
    run.outcome.notes = {
        "exits": {worker.name: worker.exits for worker in run.workers},
        "partitions that moved": sum(run.monitor.offsets[p] > mark[p] for p in run.partitions),
    }
    run.stop("two")
    run.flowing()
    run.within(run.shared_out, "shared out")
    run.settle()


@trap(
    "a full stream buffer during an outage", workers=("one",), events=MORE_THAN_WAITS, per_s=4000,
    pack=PackLimits(events=1),
)  # fmt: skip
def full_buffer(run):
    """The warehouse is silent while more messages come than a worker holds; it stays in the group."""
    worker, proxy = run.workers[0], run.proxies["one"]
    proxy.hold()
    run.within(lambda: proxy.held_bytes > 0, "a flush held")
    run.source.allow(1)
    full = lambda: worker.gauge("cliffhanger_read_ahead_bytes") > MOST_AHEAD_BYTES  # noqa: E731
    run.within(full, "a full buffer")
    time.sleep(FULL_S)
    if full():
        run.hit()
    exits = list(worker.exits)
    proxy.release()
    since, mark = time.monotonic(), run.monitor.mark()
    run.source.finish()
    run.recovered(set(run.partitions), mark, since)
    run.outcome.notes = {"exits during the outage": exits}
    run.settle()


TRAPS = {
    "T10a": frozen_rebalance,
    "T10b": term_without_broker,
    "T10c": retention,
    "T10d": fresh_group,
    "T10e": ack_while_rebalancing,
    "T10f": one_name_twice,
    "T10g": full_buffer,
}
