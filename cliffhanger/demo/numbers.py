"""Gathers what the demo shows: what the collector takes, how the workers are, the views. It owns IO."""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from cliffhanger.health import Health, ask, events_taken, lines_folded
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
    collector_s: float | None
    lag: int | None
    workers: dict[str, Health]
    counted: Counted | None
    complaint: str


class Counter:
    """Adds up what processes count, each from 0 when it is started again, and tells the rate."""

    def __init__(self) -> None:
        self.total = 0
        self._seen: dict[str, int] = {}
        self._history: deque[tuple[float, int]] = deque()

    def see(self, name: str, count: int | None) -> None:
        """Take what a process says; None is one that does not answer."""
        if count is None:
            return
        before = self._seen.get(name, 0)
        self.total += count - before if count >= before else count  # less than before: it was restarted
        self._seen[name] = count

    def rate(self, now_s: float) -> float | None:
        """The rate of the last seconds, once there are two looks. Call it once a look."""
        self._history.append((now_s, self.total))
        while now_s - self._history[0][0] > OVER_S and len(self._history) > 2:  # noqa: PLR2004
            self._history.popleft()
        then_s, total = self._history[0]
        return (self.total - total) / (now_s - then_s) if now_s > then_s else None


class Gatherer:
    """Asks collector, workers and warehouse."""

    def __init__(self, collector: str, workers: Mapping[str, str], reader: Reader, clock: Clock) -> None:
        self._collector = collector
        self._workers = dict(workers)
        self._reader = reader
        self._clock = clock
        self._began = clock.monotonic_s()
        self._folded = Counter()
        self._taken = Counter()
        self._counted: Counted | None = None

    def gather(self) -> Numbers:
        """Look once. A worker or a warehouse that is away is a complaint, no error."""
        healths = {name: ask(address) for name, address in self._workers.items()}
        for name, address in self._workers.items():
            self._folded.see(name, lines_folded(address))
        self._taken.see("collector", events_taken(self._collector))
        complaint = ""
        try:
            self._counted = self._ask_views()
        except CliffhangerError as error:
            complaint = str(error)
        lags = [p.lag for health in healths.values() for p in health.partitions]
        known = [lag for lag in lags if lag is not None]
        now_s = self._clock.monotonic_s()
        return Numbers(
            elapsed_s=now_s - self._began,
            events_s=self._folded.rate(now_s),
            events=self._folded.total,
            collector_s=self._taken.rate(now_s),
            lag=sum(known) if known else None,
            workers=healths,
            counted=self._counted,
            complaint=complaint,
        )

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
