"""How long it takes from `send` to the view: markers among simulated viewers, in real time.

A marker is an impression of a paywall of its own. One thread sends them; a reader asks the view over and
over which paywalls it has. Viewers, worker, broker, engine and reader share the machine.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple
from uuid import uuid4

from benchmarks.live import ROOT, Live, live_stack
from benchmarks.report import Report, Table, median
from producers.sender import Sender, SenderSettings
from runtime.brokers import Brokers
from runtime.clock import SystemClock
from runtime.settings import ClickHouseSettings
from warehouse.client import Connection

RATES = (1_000, 20_000)
SLACK_S = 0.3
MARKER_EVERY_S = 0.1
POLL_EVERY_S = 0.03
WARM_UP_S = 10
BEFORE_AND_AFTER_S = 6
READY_S, FIRST_S, LAST_S = 300.0, 120.0, 30.0
SERIES = "latency-markers"
SQL = (Path(__file__).parent / "sql" / "new_markers.sql").read_text()


class Found(NamedTuple):
    """What one rate gave: seconds from send to view, seconds between polls, the rate that was reached."""

    rate: int
    seconds: list[float]
    polls: list[float]
    reached: float


class Markers:
    """Sends markers from a thread of its own until it is stopped, and knows when each was sent."""

    def __init__(self, bootstrap: str) -> None:
        self.sent_at: dict[str, float] = {}
        self._clock = SystemClock()
        self._sender = Sender(SenderSettings(brokers=Brokers(bootstrap=bootstrap)))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="markers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more; return when all are acknowledged."""
        self._stop.set()
        self._thread.join()
        self._sender.close()

    def _run(self) -> None:
        while not self._stop.wait(MARKER_EVERY_S):
            name, now_ms = f"marker-{len(self.sent_at):05}", self._clock.now_ms()
            line = json.dumps(marker(name, now_ms)).encode()
            self.sent_at[name] = time.monotonic()
            self._sender.send(f"viewer-of-{name}", line)


class Eye:
    """Asks the view which markers it has, and knows when each was first there."""

    def __init__(self, settings: ClickHouseSettings, since_s: int) -> None:
        self.seen_at: dict[str, float] = {}
        self.polled_at: list[float] = []
        self._connection = Connection(settings)
        self._since_s = since_s

    def watch(self, until: float) -> None:
        """Poll until a time of the monotonic clock."""
        while (began := time.monotonic()) < until:
            rows = self._connection.query(SQL, {"series_id": SERIES, "since": self._since_s})
            now = time.monotonic()
            self.polled_at.append(now)
            for (name,) in rows:
                self.seen_at.setdefault(name, now)
            time.sleep(max(began + POLL_EVERY_S - time.monotonic(), 0))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def run(report: Report, *, rounds: int, quick: bool) -> None:
    """Measure and print; each rate once, however many rounds: it takes its time anyway."""
    del rounds
    measured_s = 8 if quick else 30
    with live_stack(report.say) as live:
        flush_s = live.settings.worker.paywall_flush_s
        table = Table(
            f"Latency: from `send` to `paywalls_by_minute`, {measured_s} s a rate, one worker; seconds",
            ("events/s", "reached", "markers", "p50", "p99", "longest", "poll p50", "poll p99"),
            note=f"limit: p99 {flush_s + SLACK_S:g} s, the flush interval ({flush_s:g} s) and {SLACK_S:g} s. "
            "The wait for a pack to fill (up to 0.1 s) and the time until the next poll (between polls: as "
            "shown) are in it.",
        )
        for rate in RATES:
            report.say(f"latency at {rate:,} events/s")
            found = _measure(live, rate, measured_s)
            table.row(
                rate,
                round(found.reached),
                len(found.seconds),
                round(median(found.seconds), 3),
                round(_p99(found.seconds), 3),
                round(max(found.seconds), 3),
                round(median(found.polls), 3),
                round(_p99(found.polls), 3),
            )
    report.add(table)


def _measure(live: Live, rate: int, measured_s: int) -> Found:
    settings = live.renew()
    seconds = WARM_UP_S + measured_s + BEFORE_AND_AFTER_S
    with _background(live, rate, seconds) as background:
        worker = live.start()
        eye = Eye(settings.clickhouse, SystemClock().now_ms() // 1000 - 60)
        markers = Markers(settings.kafka.bootstrap)
        try:
            _await_first(eye, live, worker)
            _begin(background)
            eye.watch(time.monotonic() + WARM_UP_S)
            began = time.monotonic()
            eye.watch(began + measured_s)
            ended = time.monotonic()
            markers.stop()
            names = [name for name, at in markers.sent_at.items() if began <= at < ended]
            deadline = ended + LAST_S
            while time.monotonic() < deadline and any(name not in eye.seen_at for name in names):
                eye.watch(time.monotonic() + MARKER_EVERY_S)
            told = json.loads(_line(background, LAST_S + seconds))
        finally:
            markers.stop()
            worker.terminate()
            worker.wait()
            eye.close()
    missing = sum(name not in eye.seen_at for name in names)
    if missing:
        raise RuntimeError(f"{missing} of {len(names)} markers did not show in {LAST_S:g} s:\n{live.tail()}")
    polls = [at for at in eye.polled_at if began <= at < ended]
    return Found(
        rate,
        [eye.seen_at[name] - markers.sent_at[name] for name in names],
        [after - before for before, after in pairwise(polls)],
        told["sent"] / told["seconds"],
    )


def _await_first(eye: Eye, live: Live, worker: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + FIRST_S
    while not eye.seen_at:
        if worker.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no marker came to the view in {FIRST_S:g} s:\n{live.tail()}")
        eye.watch(time.monotonic() + MARKER_EVERY_S)


@contextmanager
def _background(live: Live, rate: int, seconds: int) -> Iterator["subprocess.Popen[str]"]:
    """Start the viewers of the background, and wait until their lines are simulated."""
    arguments = (live.stack.bootstrap, str(rate), str(seconds))
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.background", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _line(process, READY_S)
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            _pipe(pipe).close()


def _begin(process: "subprocess.Popen[str]") -> None:
    pipe = _pipe(process.stdin)
    pipe.write("go\n")
    pipe.flush()


def _line(process: "subprocess.Popen[str]", timeout_s: float) -> str:
    """Return the next line that a process says; it is killed when it says none in time."""
    limit = threading.Timer(timeout_s, process.kill)
    limit.start()
    try:
        line = _pipe(process.stdout).readline()
    finally:
        limit.cancel()
    if not line:
        raise RuntimeError("the background ended early, or said nothing in time")
    return line


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def marker(name: str, now_ms: int) -> dict[str, object]:
    """Return an impression of a paywall that nobody else sees, at that time."""
    return {
        "event_type": "paywall_impression",
        "schema_version": 1,
        "event_id": str(uuid4()),
        "viewer_id": f"viewer-of-{name}",
        "occurred_at": now_ms,
        "sent_at": now_ms,
        "received_at": now_ms,
        "app_session_id": f"session-of-{name}",
        "platform": "web",
        "environment": "production",
        "app_version": "1.0.0",
        "country": "US",
        "series_id": SERIES,
        "episode_no": 5,
        "duration_ms": 95_000,
        "is_free": False,
        "paywall_no": 1,
        "paywall_impression_id": f"impression-of-{name}",
        "paywall_id": name,
        "trigger": "auto_next",
    }


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]
