"""Senders of the collector: a process of its own that sends prepared requests, at a rate or at full speed.

`python -m benchmarks.callers`: reads one line of JSON (`Plan`), says `ready` when the bodies are there,
begins when it reads another line, ends with one line of JSON (`Told`). It owns IO.
"""

import asyncio
import gzip
import json
import sys
import time
from collections import Counter, deque
from itertools import cycle, islice
from typing import NamedTuple

import uvloop

from benchmarks.background import simulated
from producers.collector.keys import MAY_SEND

BODIES = 300
HEAD = (
    "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nX-Write-Key: {key}\r\n"
    "Content-Type: application/x-ndjson\r\n{more}Content-Length: {length}\r\n\r\n"
)


class Plan(NamedTuple):
    """What to send. `rate` in events a second; 0: each connection sends again as soon as it is answered."""

    port: int
    key: str
    batch: int
    seconds: float
    connections: int
    rate: int = 0
    packed: bool = False


class Told(NamedTuple):
    """What came of it: answers by status in each second; how long the good ones took from their due time."""

    statuses: list[dict[str, int]]
    good: int
    p50_s: float
    p99_s: float
    longest_s: float
    seconds: float


class Caller(asyncio.Protocol):
    """One connection: sends a request, tells of its answer."""

    def __init__(self, driver: "Driver") -> None:
        self._driver = driver
        self._answer = b""
        self.due_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to send."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._driver.free(self)

    def send(self, request: bytes, due_s: float) -> None:
        """Send a request that was due at a time."""
        self.due_s = due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take an answer: its head says how long it is."""
        self._answer += data
        head, found, rest = self._answer.partition(b"\r\n\r\n")
        if found:
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(rest) >= length:
                self._answer = b""
                self._driver.answered(self, head[9:12].decode())

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the connection is gone."""
        self._driver.lost(self)


class Driver:
    """Hands requests to connections: each at its time, or each as soon as a connection is free."""

    def __init__(self, plan: Plan, requests: list[bytes]) -> None:
        self._plan = plan
        self._requests = cycle(requests)
        self._idle: deque[Caller] = deque()
        self._due: deque[float] = deque()
        self._statuses: list[Counter[str]] = [Counter() for _ in range(int(plan.seconds) + 120)]
        self._latencies: list[float] = []
        self._busy = 0
        self._is_over = False
        self._all_answered = asyncio.Event()
        self._began = self._ended = 0.0

    async def run(self) -> Told:
        """Send for as long as planned, and wait for the answers."""
        loop = asyncio.get_running_loop()
        for _ in range(self._plan.connections):
            await loop.create_connection(lambda: Caller(self), "127.0.0.1", self._plan.port)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        self._began = time.monotonic()
        until = self._began + self._plan.seconds
        if self._plan.rate:
            await self._at_a_rate(until)
        else:
            while time.monotonic() < until:
                while self._idle:
                    self._send(time.monotonic())
                await asyncio.sleep(0)
        self._is_over = True
        self._end_if_over()
        await self._all_answered.wait()
        seconds = self._ended - self._began
        last = int(seconds) + 1
        took = sorted(self._latencies) or [0.0]
        return Told(
            [dict(counter) for counter in self._statuses[:last]],
            len(self._latencies),
            took[len(took) // 2],
            took[len(took) * 99 // 100],
            took[-1],
            seconds,
        )

    def free(self, caller: Caller) -> None:
        """Take a connection that has nothing to do."""
        if self._due:
            self._busy += 1
            caller.send(next(self._requests), self._due.popleft())
        else:
            self._idle.append(caller)

    def answered(self, caller: Caller, status: str) -> None:
        """Count an answer."""
        self._ended = time.monotonic()
        self._busy -= 1
        self._statuses[int(self._ended - self._began)][status] += 1
        if status == "200":
            self._latencies.append(self._ended - caller.due_s)
        self.free(caller)
        self._end_if_over()

    def lost(self, caller: Caller) -> None:
        """Count a connection that is gone."""
        if caller in self._idle:
            self._idle.remove(caller)
        else:
            self._busy -= 1
            self._statuses[int(time.monotonic() - self._began)]["lost"] += 1
            self._end_if_over()

    def _end_if_over(self) -> None:
        if self._is_over and not self._busy:
            self._all_answered.set()

    async def _at_a_rate(self, until: float) -> None:
        every_s = self._plan.batch / self._plan.rate
        due_s = self._began
        while due_s < until:
            await asyncio.sleep(max(due_s - time.monotonic(), 0))
            if self._idle:
                self._send(due_s)
            else:
                self._due.append(due_s)
            due_s += every_s

    def _send(self, due_s: float) -> None:
        self._busy += 1
        self._idle.popleft().send(next(self._requests), due_s)


def requests_of(plan: Plan) -> list[bytes]:
    """Return the requests of a plan, whole: simulated events that a player may send."""
    lines = (line for _, line in simulated(1000, BODIES * plan.batch // 1000 + 60))
    mine = [line for line in lines if json.loads(line)["event_type"] in MAY_SEND["player"]]
    bodies = [
        b"\n".join(mine[first : first + plan.batch])
        for first in islice(range(0, len(mine) - plan.batch, plan.batch), BODIES)
    ]
    return [_request(plan, body) for body in bodies]


def bodies_of(requests: list[bytes]) -> list[bytes]:
    """Return the bodies of requests."""
    return [request.partition(b"\r\n\r\n")[2] for request in requests]


def _request(plan: Plan, body: bytes) -> bytes:
    more = "Content-Encoding: gzip\r\n" if plan.packed else ""
    body = gzip.compress(body, 6) if plan.packed else body
    return HEAD.format(key=plan.key, more=more, length=len(body)).encode() + body


def main() -> None:
    """Read the plan, prepare, send, tell."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    told = uvloop.run(Driver(plan, requests_of(plan)).run())
    print(json.dumps(told._asdict()), flush=True)


if __name__ == "__main__":
    main()
