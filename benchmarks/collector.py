"""What the collector takes: events a second and core, latency at half of that, memory while the log stalls.

The collector, the broker and the senders share the machine. Processor time is that of the collector process
alone, all its threads, read from /proc: Linux only.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import orjson

from benchmarks.callers import BODIES, Plan, Told, bodies_of, requests_of
from benchmarks.live import ROOT, START_S
from benchmarks.report import Report, Table, median
from devstack import DevStack, free_ports
from producers.topics_admin import ensure_topics
from runtime.settings import Settings, as_environment, load

KEY = "bench-collector-write-key"
BATCH = 100
TARGET = 40_000
WANTED_P99_S = 0.25
CONNECTIONS, MANY_CONNECTIONS = 16, 256
WARM_UP_S = 3.0
STALL_AFTER_S, STALL_S = 5, 20
STALL_RATE = 10_000
READY_S, TOLD_S = 60.0, 120.0
TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What one load gave: events acknowledged, processor seconds of the server, and what the senders told."""

    events: int
    cpu_s: float
    told: Told

    @property
    def us_an_event(self) -> float:
        """Processor time of the server an event, in microseconds."""
        return self.cpu_s / self.events * 1e6


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
    with _trivial(settings) as port:
        _row(table, "a trivial handler", _cost_of(port, rounds, seconds))
    for name, packed in (("the collector", False), ("the collector, gzip", True)):
        report.say(name)
        with collector(settings) as process:
            _row(table, name, _cost_of(process, rounds, seconds, packed=packed))
    report.add(table)


def _row(table: Table, name: str, us: float) -> None:
    table.row(name, round(us, 2), round(1e6 / us), round(us * BATCH))


def _cost_of(process: "Served", rounds: int, seconds: float, *, packed: bool = False) -> float:
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


class Served:
    """A server process: where it listens, and what it has used so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.port = port

    def cpu_s(self) -> float:
        """Processor seconds of all its threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        """Resident memory."""
        return self._of_status("VmRSS")

    def peak_mb(self) -> float:
        """The most resident memory so far."""
        return self._of_status("VmHWM")

    def _of_status(self, name: str) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
        raise KeyError(name)


def measure(served: Served, plan: Plan, timers: list[threading.Timer] | None = None) -> Load:
    """Let a process of senders carry out a plan."""
    senders = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.callers"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _say(senders, json.dumps(plan._asdict()))
        _line(senders, READY_S)
        before = served.cpu_s()
        for timer in timers or ():
            timer.start()
        _say(senders, "go")
        told = Told(**json.loads(_line(senders, plan.seconds + TOLD_S)))
        cpu_s = served.cpu_s() - before
    finally:
        for timer in timers or ():
            timer.cancel()
        senders.kill()
        senders.wait()
    answers = sum(map(Counter, told.statuses), Counter())
    if set(answers) - {"200", "503"}:
        raise RuntimeError(f"answers that were not expected: {answers}")
    return Load(told.good * plan.batch, cpu_s, told)


@contextmanager
def collector(settings: Settings) -> Iterator[Served]:
    """Run a collector process; wait until it is ready; end it in good order."""
    arguments = ("-m", "cliffhanger", "collector", "--parent", str(os.getpid()))
    with _process(arguments, settings) as process:
        ready = f"http://127.0.0.1:{settings.collector.ops_port}/readyz"
        _await(lambda: urllib.request.urlopen(ready, timeout=1).status == 200, process)
        yield Served(process, settings.collector.port)
        process.terminate()
        if process.wait(30):
            raise RuntimeError(f"the collector ended with {process.returncode}")


@contextmanager
def _trivial(settings: Settings) -> Iterator[Served]:
    port = settings.collector.port
    with _process(("-m", "benchmarks.trivial", str(port)), settings) as process:
        _await(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json").status == 200, process)
        yield Served(process, port)


@contextmanager
def _process(arguments: tuple[str, ...], settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    inherited = os.environ  # noqa: TID251 -- what a child inherits: PATH, locale; no setting is read
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=inherited | as_environment(settings),
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


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
            ensure_topics(stack.bootstrap)
            yield stack
        finally:
            stack.down()


def _decode_us(bodies: list[bytes], decode) -> float:
    began = time.process_time()
    for body in bodies:
        for line in body.split(b"\n"):
            decode(line)
    return (time.process_time() - began) / (BODIES * BATCH) * 1e6


def _await(holds, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_S
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("a server did not come up")
        time.sleep(0.05)


def _say(process: "subprocess.Popen[str]", text: str) -> None:
    pipe = _pipe(process.stdin)
    pipe.write(text + "\n")
    pipe.flush()


def _line(process: "subprocess.Popen[str]", timeout_s: float) -> str:
    limit = threading.Timer(timeout_s, process.kill)
    limit.start()
    try:
        line = _pipe(process.stdout).readline()
    finally:
        limit.cancel()
    if not line:
        raise RuntimeError("the senders ended early, or said nothing in time")
    return line


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
