"""A viewer's days: which event opens one, what happened on it, where it counts. Pure."""

from typing import Final

from mypy_extensions import i16, i32, i64

from streams import shared
from streams.ids import high, low
from streams.lines import ViewerLine
from streams.partition import Partition
from streams.rows import Key, TableRows
from streams.state import DAY_MS, Day, DayDimensions, Viewer, days_of, keep_days

# The places of the counters in `viewer_days`.
ACTIVE: Final = 0
WATCHED: Final = 1
MET_PAYWALL: Final = 2
STARTED_CHECKOUT: Final = 3
UNLOCKED: Final = 4
PAID: Final = 5
PLAYED_AFTER_UNLOCK: Final = 6


def dimensions(line: ViewerLine, day_start: i64) -> DayDimensions:
    """Return where a day counts whose first event this is."""
    installed = line.installed_at
    if installed is None:
        tenure = "unknown"
    else:
        tenure = "new" if day_start <= installed < day_start + DAY_MS else "returning"
    return DayDimensions(line.platform, line.country or "", tenure, line.payer_state or "")


def day_at(viewer: Viewer, at: i64) -> Day | None:
    """Return the viewer's day that a time falls on."""
    day = viewer.day
    if day is None or day.end_at - DAY_MS <= at < day.end_at:
        return day
    if viewer.more_days is not None:
        for day in viewer.more_days:
            if day.end_at - DAY_MS <= at < day.end_at:
                return day
    return None


def merge_day(partition: Partition, viewer: Viewer, line: ViewerLine, at: i64) -> bool:
    """Let an event open the viewer's day, or become its first event. Return whether it did."""
    day = day_at(viewer, at)
    if day is not None and day.first_at < at:
        return False
    start = at // DAY_MS * DAY_MS
    where = shared.dimensions(dimensions(line, start))
    event_high, event_low = high(line.event_id), low(line.event_id)
    if day is None:
        day = Day(at, event_high, event_low, where)
        keep_days(viewer, sorted([day, *days_of(viewer)], key=_end, reverse=True))
    elif (at, event_high, event_low, where) < (day.first_at, day.event_high, day.event_low, day.dimensions):
        open_row(day, partition.book.days)
        day.first_at, day.event_high, day.event_low = at, event_high, event_low
        day.dimensions = where
    else:
        return False
    latest = viewer.day
    assert latest is not None
    viewer.today_from, viewer.today_until = latest.first_at, latest.end_at
    partition.touch_day(day)
    return True


def count_object(partition: Partition, viewer: Viewer, at: i64, kind: i64, sign: i32) -> None:
    """Add something that happened to the viewer's day it falls on, or take it off, unless the day is gone."""
    day = day_at(viewer, at)
    if day is None or day.end_at < partition.days_gone_before:
        return
    if kind == WATCHED:
        day.watched += sign
    elif kind == MET_PAYWALL:
        day.met_paywall += sign
    elif kind == STARTED_CHECKOUT:
        day.started_checkout += sign
    elif kind == UNLOCKED:
        day.unlocked += sign
    elif kind == PAID:
        day.paid += sign
    else:
        day.played_after_unlock += sign
    partition.touch_day(day)


def recount(day: Day, rows: TableRows) -> None:
    """Count a day by its dimensions and by what happened on it."""
    flags = _flags(day)
    if day.counted_as is not None:
        _add(day, day.counted_as, i64(day.counted_flags), -1, rows)
    _add(day, day.dimensions, flags, 1, rows)
    day.counted_as, day.counted_flags = day.dimensions, i16(flags)


def credit(day: Day) -> None:
    """Let a day be credited with what it is worth: its row holds it already."""
    day.counted_as, day.counted_flags = day.dimensions, i16(_flags(day))


def open_row(day: Day, rows: TableRows) -> None:
    """Have the row written that a day counts in, whether or not it changes."""
    rows.change(_key(day, day.dimensions))


def _flags(day: Day) -> i64:
    flags: i64 = 1 << ACTIVE
    if day.watched > 0:
        flags |= 1 << WATCHED
    if day.met_paywall > 0:
        flags |= 1 << MET_PAYWALL
    if day.started_checkout > 0:
        flags |= 1 << STARTED_CHECKOUT
    if day.unlocked > 0:
        flags |= 1 << UNLOCKED
    if day.paid > 0:
        flags |= 1 << PAID
    if day.played_after_unlock > 0:
        flags |= 1 << PLAYED_AFTER_UNLOCK
    return flags


def _add(day: Day, where: DayDimensions, flags: i64, sign: i64, rows: TableRows) -> None:
    values = rows.change(_key(day, where)).values
    for kind in range(ACTIVE, PLAYED_AFTER_UNLOCK + 1):
        if flags >> kind & 1:
            values[kind] += sign


def _key(day: Day, where: DayDimensions) -> Key:
    return ((day.end_at - DAY_MS) // 1000, *where)


def _end(day: Day) -> int:
    return day.end_at
