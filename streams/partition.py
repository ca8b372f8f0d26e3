"""The state of one partition of the log, and what waits in it to be counted. Pure."""

from typing import Final, NamedTuple, final

from mypy_extensions import i64

from schemas.rules import HOUR_MS, FoldRules
from streams.paywall_state import Impression, Unlock
from streams.rows import RowBook
from streams.state import Day, Play, Viewer, days_of
from streams.tally import Tally

REACH_MS: Final = 25 * HOUR_MS
"""How long after it something at a paywall may still be changed by its viewer's events.

A day, as its counters reach, and an hour: an unlock at the end of an impression's day is touched once
more by the start that follows it.
"""


class Deletion(NamedTuple):
    """A viewer who asked to be forgotten and was: where in the log the request stands, and what it says."""

    offset: int
    line_index: int
    viewer_id: str
    requested_at: int
    message_at: int


@final
class Touched:
    """What events have changed since the last count, each thing once.

    `plays` are those of `viewers` at the same index. `late_plays` and `late_series` wait for the
    histograms, which are counted less often (see count.py).
    """

    def __init__(self) -> None:
        self.plays: list[Play] = []
        self.viewers: list[Viewer] = []
        self.late_plays: list[Play] = []
        self.late_viewers: list[Viewer] = []
        self.series: set[tuple[Viewer, str]] = set()
        self.late_series: set[tuple[Viewer, str]] = set()
        self.unlocks: list[tuple[Viewer, Unlock]] = []
        self.impressions: list[tuple[Viewer, Impression]] = []
        self.days: list[Day] = []

    def split(self, viewer: Viewer) -> "tuple[Touched, Touched]":
        """Return what is touched of all other viewers, and of this one."""
        others, mine = Touched(), Touched()
        own_days = days_of(viewer)
        for index in range(len(self.plays)):
            to = mine if self.viewers[index] is viewer else others
            to.plays.append(self.plays[index])
            to.viewers.append(self.viewers[index])
        for index in range(len(self.late_plays)):
            to = mine if self.late_viewers[index] is viewer else others
            to.late_plays.append(self.late_plays[index])
            to.late_viewers.append(self.late_viewers[index])
        for series in self.series:
            (mine if series[0] is viewer else others).series.add(series)
        for series in self.late_series:
            (mine if series[0] is viewer else others).late_series.add(series)
        for unlock in self.unlocks:
            (mine if unlock[0] is viewer else others).unlocks.append(unlock)
        for impression in self.impressions:
            (mine if impression[0] is viewer else others).impressions.append(impression)
        for day in self.days:
            (mine if day in own_days else others).days.append(day)
        return others, mine


@final
class Partition:
    """Viewers, hot rows, watermark: all that the fold of one partition remembers.

    A deterministic state machine: after the same prefix of the log, and a count, two of them are equal.
    What is gone is decided by the slot that the watermark is in, and so changes only where everything
    has just been counted.

    Attributes:
        deleted: viewers who were forgotten, and the event time of the request, for as long as an event from
            before it could still be on time.
        deletions: requests that were met and are not yet written down.
        slot_end: the first watermark that is in another slot.
        plays_gone_before: a sitting (or a play without a start) that ended before this is gone.
        closed_before: what happened at a paywall before this is closed: no event changes it any more.
        paywall_gone_before: and before this is gone. Between the two it supports what is open.
        days_gone_before: a day that ended before this is gone.
    """

    def __init__(self, rules: FoldRules) -> None:
        self.rules = rules
        self.lateness_ms: i64 = 0
        self.sitting_gap_ms: i64 = 0
        self.clock_ahead_ms: i64 = 0
        self.valid_play_ms: i64 = 0
        self.generation_ms: i64 = 1
        self.next_offset: i64 = 0
        self.viewers: dict[str, Viewer] = {}
        self.book = RowBook()
        self.tally = Tally()
        self.touched = Touched()
        self.deleted: dict[str, int] = {}
        self.deletions: list[Deletion] = []
        self.watermark: i64 = 0
        self.slot_end: i64 = 0
        self.plays_gone_before: i64 = 0
        self.closed_before: i64 = 0
        self.paywall_gone_before: i64 = 0
        self.days_gone_before: i64 = 0
        self.follow(rules)

    def follow(self, rules: FoldRules) -> None:
        """Go by these rules from here on."""
        self.rules = rules
        self.lateness_ms = rules.lateness_ms
        self.sitting_gap_ms = rules.sitting_gap_ms
        self.clock_ahead_ms = rules.clock_ahead_ms
        self.valid_play_ms = rules.valid_play_ms
        self.generation_ms = rules.generation_ms
        self.enter_slot(self.watermark)

    def enter_slot(self, watermark: i64) -> None:
        """Raise the watermark to a time in another slot, and with it what is gone."""
        self.watermark = watermark
        slot = watermark - watermark % self.generation_ms
        self.slot_end = slot + self.generation_ms
        self.plays_gone_before = slot - self.lateness_ms - self.sitting_gap_ms
        self.closed_before = slot - self.lateness_ms - REACH_MS
        self.paywall_gone_before = self.closed_before - REACH_MS - HOUR_MS
        self.days_gone_before = slot - self.lateness_ms - HOUR_MS
        if self.deleted:
            late_before = slot - self.lateness_ms
            self.deleted = {key: at for key, at in self.deleted.items() if at >= late_before}

    def forgotten_at(self, viewer_id: str) -> i64:
        """Return the event time at which a viewer was forgotten; -1 when nothing so old can be on time.

        By the watermark, not by what is still remembered: that hangs on the slots.
        """
        at: i64 = self.deleted.get(viewer_id, -1)
        return at if at + self.lateness_ms >= self.watermark else -1

    def forget(self, viewer_id: str, at: i64) -> None:
        """Drop a viewer at a request of that event time. Everything must have been counted."""
        self.viewers.pop(viewer_id, None)
        self.deleted[viewer_id] = at

    def touch_play(self, viewer: Viewer, play: Play) -> None:
        """Have a play counted."""
        if not play.touched:
            play.touched = True
            self.touched.plays.append(play)
            self.touched.viewers.append(viewer)

    def touch_series(self, viewer: Viewer, series_id: str) -> None:
        """Have the continuations and the sittings of a series counted."""
        key = (viewer, series_id)
        self.touched.series.add(key)
        self.touched.late_series.add(key)

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
