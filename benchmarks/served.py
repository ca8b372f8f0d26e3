"""Server processes to be measured, and what a load from processes beside them costs them.

Processor time is that of the server process alone, all its threads, read from /proc: Linux only.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from benchmarks.callers import Plan, Told
from benchmarks.live import ROOT
from runtime.settings import Settings, as_environment

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
def trivial(settings: Settings) -> Iterator[Served]:
    """Run the least that the collector's framework can do, on the collector's port; wait until it answers."""
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
