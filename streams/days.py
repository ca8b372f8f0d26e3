"""A viewer's days: which event opens one, what happened on it, where it counts. Pure."""

from schemas.tables import VIEWER_DAYS
from streams.lines import ViewerLine
from streams.partition import Partition
from streams.rows import TableRows
from streams.state import Day, DayDimensions, Viewer

DAY_MS = 86_400_000

ACTIVE, WATCHED, MET_PAYWALL, STARTED_CHECKOUT, UNLOCKED, PAID, PLAYED_AFTER_UNLOCK = range(
    len(VIEWER_DAYS.counters)
)
KINDS = VIEWER_DAYS.counters
"""The names under which a `Day` counts its objects are those of the counters."""


def dimensions(line: ViewerLine, day_start: int) -> DayDimensions:
    """Return where a day counts whose first event this is."""
    installed = line.installed_at
    if installed is None:
        tenure = "unknown"
    else:
        tenure = "new" if day_start <= installed < day_start + DAY_MS else "returning"
    return DayDimensions(line.platform, line.country or "", tenure, line.payer_state or "")


def day_at(viewer: Viewer, at: int) -> Day | None:
    """Return the viewer's day that a time falls on."""
    for day in viewer.days:
        if day.end_at - DAY_MS <= at < day.end_at:
            return day
    return None


def merge_day(partition: Partition, viewer: Viewer, line: ViewerLine, at: int) -> bool:
    """Let an event open the viewer's day, or become its first event. Return whether it did."""
    day = day_at(viewer, at)
    if day is not None and day.first_at < at:
        return False
    start = at // DAY_MS * DAY_MS
    where = partition.share(dimensions(line, start))
    if day is None:
        end = partition.share(start + DAY_MS)
        day = Day(first_at=at, end_at=end, event_id=line.event_id, dimensions=where)
        viewer.days = tuple(sorted((day, *viewer.days), key=lambda d: -d.end_at))
    elif (at, line.event_id, where) < (day.first_at, day.event_id, day.dimensions):
        open_row(day, partition.book.days)
        day.first_at, day.event_id, day.dimensions = at, line.event_id, where
    else:
        return False
    viewer.today_from, viewer.today_until = viewer.days[0].first_at, viewer.days[0].end_at
    partition.touch_day(day)
    return True


def count_object(partition: Partition, viewer: Viewer, at: int, kind: int, sign: int) -> None:
    """Add something that happened to the viewer's day it falls on, or take it off, unless the day is gone."""
    day = day_at(viewer, at)
    if day is not None and day.end_at >= partition.days_gone_before:
        setattr(day, KINDS[kind], getattr(day, KINDS[kind]) + sign)
        partition.touch_day(day)


def recount(day: Day, rows: TableRows) -> None:
    """Count a day by its dimensions and by what happened on it."""
    flags = 1 << ACTIVE
    for kind in range(WATCHED, PLAYED_AFTER_UNLOCK + 1):
        if getattr(day, KINDS[kind]) > 0:
            flags |= 1 << kind
    if day.counted_as is not None:
        _add(day, day.counted_as, day.counted_flags, -1, rows)
    _add(day, day.dimensions, flags, 1, rows)
    day.counted_as, day.counted_flags = day.dimensions, flags


def _add(day: Day, where: DayDimensions, flags: int, sign: int, rows: TableRows) -> None:
    values = rows.change((_start_s(day), *where)).values
    for kind in range(ACTIVE, PLAYED_AFTER_UNLOCK + 1):
        values[kind] += sign * (flags >> kind & 1)


def open_row(day: Day, rows: TableRows) -> None:
    """Have the row written that a day counts in, whether or not it changes."""
    rows.change((_start_s(day), *day.dimensions))


def _start_s(day: Day) -> int:
    return (day.end_at - DAY_MS) // 1000
