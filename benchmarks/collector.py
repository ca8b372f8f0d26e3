"""What the collector takes: events a second and core, latency at half of that, memory while the log stalls.

The collector, the broker and the senders share the machine.
"""

import json
import secrets
import tempfile
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import orjson

from benchmarks.callers import BODIES, Plan, bodies_of, requests_of
from benchmarks.live import ROOT, START_S
from benchmarks.report import Report, Table, median
from benchmarks.served import Served, collector, measure, trivial
from devstack import DevStack, free_ports
from producers.topics_admin import ensure_topics
from runtime.brokers import Brokers
from runtime.settings import Settings, load

KEY = "bench-collector-write-key"
BATCH = 100
TARGET = 40_000
WANTED_P99_S = 0.25
CONNECTIONS, MANY_CONNECTIONS = 16, 256
WARM_UP_S = 3.0
STALL_AFTER_S, STALL_S = 5, 20
STALL_RATE = 10_000


def run(report: Report, *, rounds: int, quick: bool) -> None:
    """Measure and print."""
    seconds = 4 if quick else 8
    with _kafka(report) as stack, tempfile.TemporaryDirectory(prefix="cliffhanger-bench-") as folder:
        settings = _settings(stack, Path(folder))
        _throughput(report, settings, rounds=rounds, seconds=seconds)
        _latency(report, settings, seconds=seconds * 3)
        if not quick:
            _stall(report, settings, stack)


def _throughput(report: Report, settings: Settings, *, rounds: int, seconds: float) -> None:
    table = Table(
        f"Collector: processor time, requests of {BATCH} events, the median of {rounds}",
        ("", "us an event", "events/s a core", "us a request"),
        note=f"wanted: {TARGET:,} events/s a core, for HTTP, JSON, contract, pseudonyms, packs and Kafka.",
    )
    bodies = bodies_of(requests_of(Plan(0, KEY, BATCH, 0, 0)))
    for name, decode in (
        ("orjson.loads, line by line", orjson.loads),
        ("msgspec, into dicts", msgspec.json.decode),
    ):
        _row(table, name, median([_decode_us(bodies, decode) for _ in range(rounds)]))
    report.say("the trivial handler")
    with trivial(settings) as port:
        _row(table, "a trivial handler", _cost_of(port, rounds, seconds))
    for name, packed in (("the collector", False), ("the collector, gzip", True)):
        report.say(name)
        with collector(settings) as process:
            _row(table, name, _cost_of(process, rounds, seconds, packed=packed))
    report.add(table)


def _row(table: Table, name: str, us: float) -> None:
    table.row(name, round(us, 2), round(1e6 / us), round(us * BATCH))


def _cost_of(process: Served, rounds: int, seconds: float, *, packed: bool = False) -> float:
    plan = Plan(process.port, KEY, BATCH, seconds, CONNECTIONS, packed=packed)
    measure(process, plan._replace(seconds=WARM_UP_S))
    return median([measure(process, plan).us_an_event for _ in range(rounds)])


def _latency(report: Report, settings: Settings, *, seconds: float) -> None:
    table = Table(
        f"Collector: requests of {BATCH} events in open loop, {seconds:g} s; milliseconds from when due",
        ("events/s", "acknowledged", "core", "p50", "p99", "longest"),
        note=f"wanted: p99 {WANTED_P99_S * 1000:g} ms at {TARGET // 2:,} events/s.",
    )
    with collector(settings) as process:
        for rate in (1_000, TARGET // 2):
            report.say(f"{rate:,} events/s in open loop")
            plan = Plan(process.port, KEY, BATCH, seconds, MANY_CONNECTIONS, rate=rate)
            measure(process, plan._replace(seconds=WARM_UP_S))
            load_ = measure(process, plan)
            told = load_.told
            ms = [round(seconds * 1000, 1) for seconds in (told.p50_s, told.p99_s, told.longest_s)]
            table.row(rate, load_.events, f"{load_.cpu_s / told.seconds:.0%}", *ms)
    report.add(table)


def _stall(report: Report, settings: Settings, stack: DevStack) -> None:
    seconds = STALL_AFTER_S + STALL_S + 15
    report.say(f"the broker stands still for {STALL_S} s")
    with collector(settings) as process:
        plan = Plan(process.port, KEY, BATCH, seconds, 2048, rate=STALL_RATE)
        before_mb = process.memory_mb()
        timers = [
            threading.Timer(STALL_AFTER_S, stack.kafka.pause),
            threading.Timer(STALL_AFTER_S + STALL_S, stack.kafka.resume),
        ]
        try:
            load_ = measure(process, plan, timers)
        finally:
            stack.kafka.resume()
        table = Table(
            f"Collector: the broker stands still for {STALL_S} s at {STALL_RATE:,} events/s",
            ("seconds", "200", "503", "others"),
            note=f"memory: {before_mb:.0f} MB before, {process.peak_mb():.0f} MB at most; "
            f"the buffer holds {settings.collector.buffer_mb:g} MB, and nobody waits for more than "
            f"{settings.collector.ack_timeout_s:g} s.",
        )
    for first in range(0, len(load_.told.statuses), 5):
        some = sum((Counter(each) for each in load_.told.statuses[first : first + 5]), Counter())
        others = sum(some.values()) - some["200"] - some["503"]
        table.row(f"{first}-{first + 5}", some["200"], some["503"], others)
    report.add(table)


def _settings(stack: DevStack, folder: Path) -> Settings:
    keys = folder / "keys.json"
    entry = {"id": "bench", "kind": "player", "token": KEY, "events_per_s": 1e7, "burst": 10**8}
    keys.write_text(json.dumps({"keys": [entry]}))
    ports = free_ports()
    return load(
        kafka={"bootstrap": stack.bootstrap},
        quarantine_key=b64encode(secrets.token_bytes(32)).decode(),
        collector={
            "port": ports.kafka,
            "ops_port": ports.kafka_controller,
            "keys_file": keys,
            "pseudonym_key": secrets.token_hex(32),
            "network_events_per_s": 1e7,
            "network_burst": 10**8,
            "read_timeout_s": 60,  # of thousands of connections some have nothing to do for long
        },
    )


@contextmanager
def _kafka(report: Report) -> Iterator[DevStack]:
    report.say("starting Kafka")
    with tempfile.TemporaryDirectory(prefix="cliffhanger-bench-", ignore_cleanup_errors=True) as name:
        jars = ROOT / ".devstack" / "jars"
        stack = DevStack(Path(name) / "stack", free_ports(), jars=jars, say=lambda _: None)
        try:
            stack.kafka.start(timeout_s=START_S)
            ensure_topics(Brokers(bootstrap=stack.bootstrap))
            yield stack
        finally:
            stack.down()


def _decode_us(bodies: list[bytes], decode) -> float:
    began = time.process_time()
    for body in bodies:
        for line in body.split(b"\n"):
            decode(line)
    return (time.process_time() - began) / (BODIES * BATCH) * 1e6
