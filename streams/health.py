"""The pages of a worker: /health, which means something, and /metrics for Prometheus. It owns IO.

Healthy means: partitions are assigned, each of them moves or is at the end of the log, and the last
flush is young. A worker whose group lost it quietly is up, says nothing, and is not healthy.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from runtime.clock import Clock
from runtime.settings import WorkerSettings
from streams.owned import MS, Owned
from streams.worker import Worker

OK, UNAVAILABLE = 200, 503
STILL_S = 30.0
"""A partition with messages waiting that does not move for so long is stuck."""


class PartitionHealth(NamedTuple):
    """Where one partition stands. Times in seconds; `lag` in messages, None when the end is unknown."""

    partition: int
    next_offset: int
    lag: int | None
    viewers: int
    watermark: float
    checkpoint_age_s: float
    unaccounted: int
    stopped: str


class Health(NamedTuple):
    """What the health page says. `problems` is empty when the worker is well."""

    worker: str
    problems: list[str]
    flush_age_s: float
    warehouse_away_s: float
    partitions: list[PartitionHealth]


class Doctor:
    """Judges a worker. Remembers when each partition last moved."""

    def __init__(
        self, worker: Worker, settings: WorkerSettings, clock: Clock, end_of: Callable[[int], int | None]
    ) -> None:
        self._worker = worker
        self._settings = settings
        self._clock = clock
        self._end_of = end_of
        self._moved: dict[int, tuple[int, float]] = {}
        self._idle_since: float | None = clock.monotonic_s()

    def examine(self) -> Health:
        """Return how the worker is."""
        now = self._clock.monotonic_s()
        partitions = [self._look_at(owned, now) for owned in self._worker.partitions.values()]
        flush_age = now - self._worker.outbox.flushed_at
        problems = [f"partition {p.partition}: {p.stopped}" for p in partitions if p.stopped]
        problems += [
            f"partition {p.partition} has not moved for {now - self._moved[p.partition][1]:.0f} s"
            for p in partitions
            if p.lag and now - self._moved[p.partition][1] > STILL_S
        ]
        if flush_age > STILL_S:
            problems.append(f"nothing was flushed for {flush_age:.0f} s")
        if partitions:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        if self._idle_since is not None:
            problems.append(f"no partitions for {now - self._idle_since:.0f} s")
        return Health(
            self._settings.name, problems, round(flush_age, 3), self._worker.outbox.away_s, partitions
        )

    def publish(self) -> None:
        """Set the gauges that are read off the state."""
        metrics = self._worker.metrics
        health = self.examine()
        metrics.assigned.set(len(health.partitions))
        metrics.stopped.set(sum(bool(p.stopped) for p in health.partitions))
        metrics.warehouse_away.set(health.warehouse_away_s)
        for p in health.partitions:
            owned = self._worker.partitions[p.partition]
            name = str(p.partition)
            if p.lag is not None:
                metrics.lag.labels(name).set(p.lag)
            metrics.watermark.labels(name).set(p.watermark)
            metrics.checkpoint_age.labels(name).set(p.checkpoint_age_s)
            metrics.checkpoint_bytes.labels(name).set(owned.checkpoint_bytes)
            metrics.viewers.labels(name).set(p.viewers)
            metrics.open_rows.labels(name).set(sum(len(t.open) for t in owned.state.book.tables.values()))
            metrics.unaccounted.labels(name).set(p.unaccounted)

    def _look_at(self, owned: Owned, now: float) -> PartitionHealth:
        state = owned.state
        at = state.next_offset
        if self._moved.get(owned.number, (-1, 0.0))[0] != at:
            self._moved[owned.number] = (at, now)
        end = self._end_of(owned.number)
        return PartitionHealth(
            owned.number,
            at,
            None if end is None else max(end - at, 0),
            len(state.viewers),
            state.watermark / MS,
            round(now - owned.checkpointed_at, 3),
            state.tally.missing,
            owned.stopped,
        )


class Pages:
    """Serves the pages on one port, until closed."""

    def __init__(self, doctor: Doctor, worker: Worker) -> None:
        self._doctor = doctor
        self._worker = worker
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)

    async def open(self, host: str, port: int) -> int:
        """Start serving; return the port, which is any free one for 0."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop serving."""
        await self._runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        health = self._doctor.examine()
        body = msgspec.json.encode(
            health._asdict() | {"partitions": [p._asdict() for p in health.partitions]}
        )
        status = UNAVAILABLE if health.problems else OK
        return web.Response(body=body, status=status, content_type="application/json")

    async def _metrics(self, _: web.Request) -> web.Response:
        self._doctor.publish()
        body = generate_latest(self._worker.metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
