"""The state of one partition of the log, and what waits in it to be counted. Pure."""

from collections.abc import Hashable
from typing import TypeVar

from msgspec import Struct

from schemas.rules import HOUR_MS, FoldRules
from streams.rows import RowBook
from streams.state import Day, Impression, Play, Unlock, Viewer

T = TypeVar("T", bound=Hashable)

SHARED_AT_MOST = 500_000
"""Values that viewers share. Senders choose some of them: what is shared must not grow for ever."""

REACH_MS = 25 * HOUR_MS
"""How long after it something at a paywall may still be changed by its viewer's events.

A day, as its counters reach, and an hour: an unlock at the end of an impression's day is touched once
more by the start that follows it.
"""


class Tally(Struct, array_like=True):
    """The conservation law in numbers: every line received is exactly one of the other four."""

    received: int = 0
    applied: int = 0
    redundant: int = 0
    excluded: int = 0
    quarantined: int = 0

    @property
    def missing(self) -> int:
        """Lines that are none of the four. Anything but 0 is a defect."""
        return self.received - self.applied - self.redundant - self.excluded - self.quarantined


class Touched:
    """What events have changed since the last count, each thing once."""

    def __init__(self) -> None:
        self.plays: list[tuple[Viewer, Play]] = []
        self.series: set[tuple[Viewer, str]] = set()
        self.unlocks: list[tuple[Viewer, Unlock]] = []
        self.impressions: list[tuple[Viewer, Impression]] = []
        self.days: list[Day] = []


class Partition:
    """Viewers, hot rows, watermark: all that the fold of one partition remembers.

    A deterministic state machine: after the same prefix of the log, and a count, two of them are equal.
    What is gone is decided by the slot that the watermark is in, and so changes only where everything
    has just been counted.

    Attributes:
        slot_end: the first watermark that is in another slot.
        plays_gone_before: a sitting (or a play without a start) that ended before this is gone.
        closed_before: what happened at a paywall before this is closed: no event changes it any more.
        paywall_gone_before: and before this is gone. Between the two it supports what is open.
        days_gone_before: a day that ended before this is gone.
    """

    def __init__(self, rules: FoldRules) -> None:
        self.rules = rules
        self.next_offset = 0
        self.viewers: dict[str, Viewer] = {}
        self.book = RowBook()
        self.tally = Tally()
        self.touched = Touched()
        self._shared: dict[Hashable, Hashable] = {}
        self.enter_slot(0)

    def enter_slot(self, watermark: int) -> None:
        """Raise the watermark to a time in another slot, and with it what is gone."""
        rules = self.rules
        self.watermark = watermark
        slot = watermark - watermark % rules.generation_ms
        self.slot_end = slot + rules.generation_ms
        self.plays_gone_before = slot - rules.lateness_ms - rules.sitting_gap_ms
        self.closed_before = slot - rules.lateness_ms - REACH_MS
        self.paywall_gone_before = self.closed_before - REACH_MS - HOUR_MS
        self.days_gone_before = slot - rules.lateness_ms - HOUR_MS

    def share(self, value: T) -> T:
        """Return the one copy of a value that is kept for all viewers, or a new one after very many."""
        if len(self._shared) > SHARED_AT_MOST:
            self._shared.clear()
        return self._shared.setdefault(value, value)  # type: ignore[return-value]

    def touch_play(self, viewer: Viewer, play: Play) -> None:
        """Have a play counted."""
        if not play.touched:
            play.touched = True
            self.touched.plays.append((viewer, play))

    def touch_unlock(self, viewer: Viewer, unlock: Unlock) -> None:
        """Have an unlock counted, unless it is closed."""
        if not unlock.touched and unlock.at >= self.closed_before:
            unlock.touched = True
            self.touched.unlocks.append((viewer, unlock))

    def touch_impression(self, viewer: Viewer, impression: Impression) -> None:
        """Have an impression counted, unless it is closed."""
        if not impression.touched and impression.shown_at >= self.closed_before:
            impression.touched = True
            self.touched.impressions.append((viewer, impression))

    def touch_day(self, day: Day) -> None:
        """Have a day counted."""
        if not day.touched:
            day.touched = True
            self.touched.days.append(day)
