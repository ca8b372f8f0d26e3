"""`python -m tests.faults.collector`: kill the collector, take its broker away; nothing acknowledged is lost.

Two scenarios: `kills` (kill -9 under load, clients that send the same ids again, a worker that counts) and
`away` (the broker is down for a while).
"""

import argparse
import json
import logging
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from clickhouse_driver import Client as ClickHouse

from devstack import DevStack, free_ports
from schemas.topics import PLAYER_EVENTS
from tests.support.collector_process import Clients, CollectorProcess
from tests.support.pipeline import ROOT, Pipeline, renew_topics, wait_until
from tests.support.topic import read_lines

KILLS, AWAY_S = 30, 30
LOAD_S = (0.2, 1.2)
COUNTED_S = 60


class Outcome(NamedTuple):
    """What a scenario found. `lost`: acknowledged and not in the log; `wrong`: paywalls with a wrong count.

    `sent_twice`: events that stand in the log more than once: a client sent them again, and they count once.
    `while_away`: requests begun while the broker was down and answered with 200.
    """

    events: int
    lost: int
    sent_twice: int
    wrong: int = 0
    while_away: int = 0
    statuses: dict[int, int] = {}  # noqa: RUF012 -- a default that nobody changes
    seconds: float = 0.0


def kills(pipeline, folder, *, cycles, rng, say=lambda _: None):
    """Kill -9 the collector under load, again and again; compare log and tables with what clients know."""
    began = time.monotonic()
    worker = pipeline.start("worker")
    collector = CollectorProcess(pipeline.stack, folder)
    collector.start()
    collector.wait_until_ready()
    clients = Clients(collector.port)
    try:
        for number in range(cycles):
            before = len(clients.acknowledged)
            wait_until(lambda: len(clients.acknowledged) > before, 60)  # noqa: B023 -- within the cycle
            time.sleep(rng.uniform(*LOAD_S))  # so that it strikes at any moment
            collector.kill()
            collector.start()
            say(f"kill {number + 1} of {cycles}, {len(clients.acknowledged):,} events acknowledged")
        clients.finish()
        assert collector.stop() == 0, collector.log.read_text()[-2000:]
    finally:
        for client in clients.each:
            client.stop()
        collector.close()
    expected = clients.by_paywall
    wrong = _count_wrong(pipeline, expected)
    worker.terminate()
    return _outcome(pipeline.stack, clients)._replace(wrong=wrong, seconds=time.monotonic() - began)


def away(stack, folder, *, seconds, say=lambda _: None, **settings):
    """Take the broker away under load; no request that begins meanwhile may be answered with 200."""
    began = time.monotonic()
    renew_topics(stack.bootstrap)
    collector = CollectorProcess(stack, folder, **settings)
    collector.start()
    collector.wait_until_ready()
    clients = Clients(collector.port)
    try:
        wait_until(lambda: len(clients.acknowledged) > 1_000, 60)
        stack.kafka.stop()
        down = time.monotonic()
        say(f"the broker is away for {seconds} s")
        time.sleep(seconds)  # the length of the fault
        assert seconds < collector.settings.collector.ack_timeout_s or collector.page("/readyz") == 503
        up = time.monotonic()
        stack.kafka.start()
        before = len(clients.acknowledged)
        wait_until(lambda: len(clients.acknowledged) > before + 1_000, 60)
        clients.finish()
        assert collector.stop() == 0, collector.log.read_text()[-2000:]
    finally:
        stack.kafka.start()
        for client in clients.each:
            client.stop()
        collector.close()
    begun_meanwhile = [a for a in clients.answers if down < a.began_s and a.ended_s < up]
    good = sum(answer.status == 200 for answer in begun_meanwhile)
    assert begun_meanwhile, "nobody asked while the broker was away"
    return _outcome(stack, clients)._replace(while_away=good, seconds=time.monotonic() - began)


def _outcome(stack, clients):
    lines = read_lines(stack.bootstrap, PLAYER_EVENTS.name, PLAYER_EVENTS.partitions)
    found = Counter(json.loads(line)["event_id"] for some in lines.values() for line in some)
    acknowledged = clients.acknowledged
    return Outcome(
        events=len(acknowledged),
        lost=sum(event_id not in found for event_id in acknowledged),
        sent_twice=sum(count > 1 for count in found.values()),
        statuses=dict(Counter(answer.status for answer in clients.answers)),
    )


def _count_wrong(pipeline, expected):
    """How many paywalls have another count in the tables, once all are there or the time is over."""
    sql = "SELECT paywall_id, sum(impressions) FROM paywalls_by_minute GROUP BY paywall_id"
    deadline = time.monotonic() + COUNTED_S
    while (found := dict(pipeline.query(sql))) != expected and time.monotonic() < deadline:
        time.sleep(0.5)
    return sum(found.get(name) != expected.get(name) for name in found.keys() | expected.keys())


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.faults.collector", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--away", type=float, default=AWAY_S, help="seconds without a broker")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    for library in ("clickhouse_driver", "kafka"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="faults-collector-"))
    stack = DevStack(folder / "stack", free_ports(), jars=ROOT / ".devstack" / "jars")
    outcomes = []
    try:
        stack.up()
        if arguments.kills:
            outcomes.append(_told("kills", _kills(stack, folder, arguments)))
        if arguments.away:
            outcomes.append(_told("away", away(stack, folder, seconds=arguments.away, say=_say)))
    finally:
        stack.down()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(any(o.lost or o.wrong or o.while_away for o in outcomes))


def _kills(stack, folder, arguments):
    database = f"faults_{uuid.uuid4().hex[:12]}"
    with ClickHouse("127.0.0.1", port=stack.clickhouse_port) as client:
        client.execute(f"CREATE DATABASE {database} ENGINE = Atomic")
    pipeline = Pipeline(stack, database, folder)
    try:
        return kills(pipeline, folder, cycles=arguments.kills, rng=random.Random(arguments.seed), say=_say)
    finally:
        pipeline.close()


def _told(name, outcome):
    print(name, json.dumps(outcome._asdict()), flush=True)
    return outcome


def _say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
