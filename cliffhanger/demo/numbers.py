"""Gathers what the demo shows: the health of the workers, and the views. It owns IO."""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from cliffhanger.health import Health, ask, lines_folded
from runtime.clock import Clock
from runtime.errors import CliffhangerError
from warehouse.reader import BingeDepth, EpisodeDropOff, GateConversion, Reader, Totals

OVER_S = 5.0
"""The rate is that of the last seconds."""


class Counted(NamedTuple):
    """What the views say."""

    totals: Totals
    depth: BingeDepth
    series: str
    episodes: list[EpisodeDropOff]
    gates: list[GateConversion]


class Numbers(NamedTuple):
    """One look at everything. None is what could not be asked."""

    elapsed_s: float
    events_s: float | None
    events: int
    lag: int | None
    workers: dict[str, Health]
    counted: Counted | None
    complaint: str


class Gatherer:
    """Asks workers and warehouse, and remembers enough to tell a rate."""

    def __init__(self, workers: Mapping[str, str], reader: Reader, clock: Clock) -> None:
        self._workers = dict(workers)
        self._reader = reader
        self._clock = clock
        self._began = clock.monotonic_s()
        self._seen: dict[str, int] = {}
        self._events = 0
        self._history: deque[tuple[float, int]] = deque()
        self._counted: Counted | None = None

    def gather(self) -> Numbers:
        """Look once. A worker or a warehouse that is away is a complaint, no error."""
        healths = {name: ask(address) for name, address in self._workers.items()}
        for name, address in self._workers.items():
            self._count(name, lines_folded(address))
        complaint = ""
        try:
            self._counted = self._ask_views()
        except CliffhangerError as error:
            complaint = str(error)
        lags = [p.lag for health in healths.values() for p in health.partitions]
        known = [lag for lag in lags if lag is not None]
        return Numbers(
            elapsed_s=self._clock.monotonic_s() - self._began,
            events_s=self._rate(),
            events=self._events,
            lag=sum(known) if known else None,
            workers=healths,
            counted=self._counted,
            complaint=complaint,
        )

    def _count(self, name: str, lines: int | None) -> None:
        if lines is None:
            return
        before = self._seen.get(name, 0)
        self._events += lines - before if lines >= before else lines  # less than before: it was restarted
        self._seen[name] = lines

    def _rate(self) -> float | None:
        now = self._clock.monotonic_s()
        self._history.append((now, self._events))
        while now - self._history[0][0] > OVER_S and len(self._history) > 2:  # noqa: PLR2004
            self._history.popleft()
        then, events = self._history[0]
        return (self._events - events) / (now - then) if now > then else None

    def _ask_views(self) -> Counted:
        reader = self._reader
        top = reader.top_series(1)
        series = top[0].series_id if top else ""
        return Counted(
            totals=reader.totals(),
            depth=reader.binge_depth(),
            series=series,
            episodes=reader.drop_off(series) if series else [],
            gates=reader.conversion(),
        )
