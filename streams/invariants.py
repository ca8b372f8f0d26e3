"""Watches what must always hold of the partitions that a worker owns, and tells when it does not.

Each break is a metric that stays until it holds again, one log line that names the partition, and one row
for on-call, which the next flush writes. It knows no IO.
"""

import logging
from collections.abc import Iterable

from runtime.clock import Clock
from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from schemas.invariants import Invariant
from schemas.topics import PLAYER_EVENTS
from streams.owned import MS, Owned
from warehouse.writer import InvariantBreak

log = logging.getLogger(__name__)

RETENTION_S = int(PLAYER_EVENTS.config["retention.ms"]) / MS
RESERVE = 0.1
"""The share of the retention that must be left."""
HOUR_S = 3600
SLACK_S = 30.0
FLUSHES = 4
"""A worker that lags flushes playback rows so many times less often."""


class Guard:
    """The watch over a worker's partitions. Remembers what was stored, across assignments."""

    def __init__(self, settings: WorkerSettings, clock: Clock, metrics: WorkerMetrics) -> None:
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._stored: dict[int, int] = {}
        self._broken: dict[tuple[Invariant, int], str] = {}
        self._untold: list[InvariantBreak] = []
        self._late_since: dict[int, float] = {}
        self._rows_s = 2 * settings.checkpoint_s + FLUSHES * settings.playback_flush_s

    def loaded(self, owned: Owned) -> None:
        """Hold a state that was just loaded against what this process knows to have been stored."""
        at, known = int(owned.state.next_offset), self._stored.get(owned.number, 0)
        back = max(known - at, 0)
        self._metrics.offset_back.labels(str(owned.number)).set(back)
        broken = f"a state was stored up to offset {known}, and the newest ends at {at}" if back else ""
        self._hold(Invariant.NO_WAY_BACK, owned, broken)
        self._stored[owned.number] = at

    def checkpointed(self, owned: Owned, next_offset: int) -> None:
        """Remember that a state was stored."""
        self._stored[owned.number] = max(self._stored.get(owned.number, 0), next_offset)

    def look(self, partitions: Iterable[Owned], *, away_s: float) -> None:
        """Hold the counts and the checkpoints of partitions against what must hold."""
        for owned in partitions:
            missing = owned.state.tally.missing
            self._hold(Invariant.CONSERVATION, owned, f"{missing} lines have no outcome" if missing else "")
            past_s = max(owned.rows_at - owned.checkpointed_at, 0.0)
            self._metrics.rows_past_checkpoint.labels(str(owned.number)).set(past_s)
            late = self._is_late(owned, past_s, away_s)
            broken = f"rows are {past_s:.0f} s newer than the last checkpoint" if late else ""
            self._hold(Invariant.ROWS_NEAR_CHECKPOINT, owned, broken)

    def _is_late(self, owned: Owned, past_s: float, away_s: float) -> bool:
        """Whether rows have run ahead for a while. After an outage all are due, and take turns."""
        if past_s <= self._rows_s or away_s:
            self._late_since.pop(owned.number, None)
            return False
        return owned.rows_at - self._late_since.setdefault(owned.number, owned.rows_at) > SLACK_S

    def look_back(self, owned: Owned, *, begins: int, ends: int) -> None:
        """Hold the begin of the log against the checkpoint that a restart would read on from.

        How much time is left is counted from the broker's time of the last message that the checkpoint
        covers: the next one is no older.
        """
        waits = owned.stored_offset < ends and not owned.fresh
        behind_s = (self._clock.now_ms() - owned.stored_ms) / MS
        left_s = RETENTION_S - behind_s if waits and owned.stored_ms else RETENTION_S
        if waits and begins > owned.stored_offset:
            left_s = 0.0
        self._metrics.retention_left.labels(str(owned.number)).set(left_s)
        told = f"in {left_s / HOUR_S:.0f} h Kafka may delete what comes after offset {owned.stored_offset}"
        self._hold(Invariant.RETENTION, owned, told if left_s < RESERVE * RETENTION_S else "")

    def take(self) -> list[InvariantBreak]:
        """Return the breaks that nobody has written yet, and forget them."""
        untold, self._untold = self._untold, []
        return untold

    def _hold(self, invariant: Invariant, owned: Owned, broken: str) -> None:
        """Tell of a break when it begins, and that it is over."""
        key = (invariant, owned.number)
        was = self._broken.get(key, "")
        self._metrics.invariant_broken.labels(invariant, str(owned.number)).set(bool(broken))
        if broken and not was:
            log.critical("partition %d breaks %s: %s", owned.number, invariant, broken)
            self._untold.append(
                InvariantBreak(
                    invariant,
                    self._settings.source_epoch,
                    owned.number,
                    self._settings.logic_epoch,
                    owned.state.next_offset,
                    broken,
                    self._settings.name,
                )
            )
        elif was and not broken:
            log.warning("partition %d: %s holds again", owned.number, invariant)
        self._broken[key] = broken
