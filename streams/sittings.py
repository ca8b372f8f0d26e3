"""Sittings and continuation: what the plays of one viewer and one series are to each other. Pure."""

from collections.abc import Sequence
from typing import Final

from mypy_extensions import i64

from streams.paywall_state import Impression
from streams.plays import (
    COMPLETE,
    CONTINUED_AUTO,
    CONTINUED_DELIBERATE,
    HOUR_MS,
    HOUR_S,
    STOPPED_AT_GATE,
    VALID,
    recount_continuation,
)
from streams.rows import NO_BIN, Key, RowBook, TableRows
from streams.state import (
    AUTO_NEXT_REASON,
    PREVIEW_REASON,
    Place,
    Play,
    Sitting,
    Viewer,
    keep_sittings,
    plays_of,
    sittings_of,
)

SITTING_COUNT: Final = 0
PLAYED_MS: Final = 1
DEPTH: Final = 0
RUN: Final = 1
DELIBERATE: Final = 2

FEW: Final = 8
"""So many plays are put in order by hand."""


def plays_of_series(viewer: Viewer, series_id: str) -> list[Play]:
    """Return the hot plays of a series that count, in the order of their starts."""
    plays = [
        p
        for p in plays_of(viewer)
        if p.place is not None and p.place.series_id == series_id and p.reason != PREVIEW_REASON
    ]
    put_in_order(plays)
    return plays


def put_in_order(plays: list[Play]) -> None:
    """Sort plays by when they started, by event id if need be, and by their own id at the very last."""
    if len(plays) > FEW:
        plays.sort(key=_order)
        return
    for number in range(1, len(plays)):
        play = plays[number]
        at: i64 = number
        while at > 0 and _is_before(play, plays[at - 1]):
            plays[at] = plays[at - 1]
            at -= 1
        plays[at] = play


def _order(play: Play) -> tuple[int, int, int, str]:
    return (play.started_at, play.event_high, play.event_low, play.playback_id)


def _is_before(one: Play, other: Play) -> bool:
    """Whether one comes first in that order: without a tuple, and the id spelled out only if it decides."""
    if one.started_at != other.started_at:
        return one.started_at < other.started_at
    if one.event_high != other.event_high:
        return one.event_high < other.event_high
    if one.event_low != other.event_low:
        return one.event_low < other.event_low
    return one.playback_id < other.playback_id


def cluster(plays: Sequence[Play], gap_ms: i64) -> list[list[Play]]:
    """Split plays in order into sittings: covers at most `gap_ms` apart are together."""
    clusters: list[list[Play]] = []
    end: i64 = 0
    for play in plays:
        if clusters and play.started_at - end <= gap_ms:
            clusters[-1].append(play)
            end = max(end, play.last_at)
        else:
            clusters.append([play])
            end = play.last_at
    return clusters


def measure(plays: list[Play]) -> Sitting:
    """Return the sitting that plays in order make. Their own credits must be up to date."""
    if len(plays) == 1:
        return _alone(plays[0])
    first = plays[0].place
    assert first is not None
    valid: set[int] = set()
    complete: set[int] = set()
    deliberate: set[int] = set()
    played: i64 = 0
    end: i64 = 0
    for play in plays:
        place = play.place
        assert place is not None
        played += i64(play.counted_played_ms)
        end = max(end, play.last_at)
        if play.counted_flags & VALID:
            valid.add(place.episode_no)
            if play.reason != AUTO_NEXT_REASON:
                deliberate.add(place.episode_no)
            if play.counted_flags & COMPLETE:
                complete.add(place.episode_no)
    return Sitting(
        first, plays[0].started_at, end, len(valid), longest_run(complete), len(deliberate), played
    )


def _alone(play: Play) -> Sitting:
    assert play.place is not None
    valid = play.counted_flags & VALID != 0
    return Sitting(
        play.place,
        play.started_at,
        play.last_at,
        1 if valid else 0,
        1 if valid and play.counted_flags & COMPLETE else 0,
        1 if valid and play.reason != AUTO_NEXT_REASON else 0,
        i64(play.counted_played_ms),
    )


def longest_run(numbers: set[int]) -> int:
    """Return the length of the longest run of consecutive numbers."""
    best = 0
    for number in numbers:
        if number - 1 not in numbers:
            end = number + 1
            while end in numbers:
                end += 1
            best = max(best, end - number)
    return best


def recount(viewer: Viewer, series_id: str, gap_ms: i64, book: RowBook) -> None:
    """Count the sittings of a series anew."""
    new = [measure(together) for together in cluster(plays_of_series(viewer, series_id), gap_ms)]
    old: list[Sitting] = []
    others: list[Sitting] = []
    for sitting in sittings_of(viewer):
        (old if sitting.place.series_id == series_id else others).append(sitting)
    if len(old) == 1 and len(new) == 1 and _begin_alike(old[0], new[0]):
        _become(old[0], new[0], book.sittings)  # as it is for most viewers: it goes on
        return
    for sitting in old:
        _credit(sitting, -1, book.sittings)
    for sitting in new:
        _credit(sitting, 1, book.sittings)
    keep_sittings(viewer, new + others)


def recount_continuations(
    viewer: Viewer, series_id: str, shown: Sequence[Impression], gap_ms: i64, book: RowBook
) -> None:
    """Count anew what followed the completed plays of a series."""
    plays = plays_of_series(viewer, series_id)
    for play in plays:
        if play.counted_flags & COMPLETE or play.continued:
            recount_continuation(play, outcome(play, plays, shown, gap_ms), book)


def adjust(viewer: Viewer, play: Play, rows: TableRows) -> None:
    """Count a sitting anew whose plays are still the same, one of them with another credit."""
    sitting = sitting_of(viewer, play)
    series_id = sitting.place.series_id
    if viewer.more_plays is None:
        new = _alone(play)  # as it is for most viewers
    else:
        new = measure(
            [
                p
                for p in plays_of(viewer)
                if p.counted_flags
                and p.place is not None
                and p.place.series_id == series_id
                and sitting.start_at <= p.started_at <= sitting.end_at
                and p.reason != PREVIEW_REASON
            ]
        )
    _become(sitting, new, rows)


def _begin_alike(one: Sitting, other: Sitting) -> bool:
    """Whether two sittings count in the same row because they begin with the same play."""
    return one.start_at == other.start_at and one.place is other.place


def _become(sitting: Sitting, new: Sitting, rows: TableRows) -> None:
    """Let a sitting, and the row that it counts in, be as a new one that begins alike."""
    row = rows.change(_key(sitting.place, sitting.start_at))
    row.values[PLAYED_MS] += new.played_ms - sitting.played_ms
    if sitting.depth != new.depth:
        row.move(DEPTH, sitting.depth, new.depth)
        sitting.depth = new.depth
    if sitting.run != new.run:
        row.move(RUN, sitting.run, new.run)
        sitting.run = new.run
    if sitting.deliberate != new.deliberate:
        row.move(DELIBERATE, sitting.deliberate, new.deliberate)
        sitting.deliberate = new.deliberate
    sitting.played_ms = new.played_ms
    sitting.end_at = new.end_at


def open_row(play: Play, rows: TableRows) -> None:
    """Have the row written that a sitting counts in which this play begins."""
    assert play.place is not None
    rows.change(_key(play.place, play.started_at))


def open_row_of_first(viewer: Viewer, play: Play, rows: TableRows) -> None:
    """The same, unless a sitting that is counted there has the row written anyway."""
    place = play.place
    assert place is not None
    hour = play.started_at // HOUR_MS
    for sitting in sittings_of(viewer):
        known = sitting.place
        if (
            sitting.start_at // HOUR_MS == hour
            and known.series_id == place.series_id
            and known.platform == place.platform
            and known.country == place.country
        ):
            return
    open_row(play, rows)


def sitting_of(viewer: Viewer, play: Play) -> Sitting:
    """Return the sitting that a counted play stands in."""
    place = play.place
    assert place is not None
    for sitting in sittings_of(viewer):
        if (
            sitting.start_at <= play.started_at <= sitting.end_at
            and sitting.place.series_id == place.series_id
        ):
            return sitting
    raise AssertionError("a counted play stands in no sitting")


def outcome(play: Play, plays: Sequence[Play], shown: Sequence[Impression], gap_ms: i64) -> i64:
    """Return the counter for what followed a play within its span; 0 when it is not complete, or nothing did.

    `plays` are those of the series that count, in the order of their starts.
    """
    place = play.place
    assert place is not None
    if not play.counted_flags & COMPLETE:
        return 0
    following = place.episode_no + 1
    begin, end = play.started_at, play.last_at + gap_ms
    for start in plays:
        if start.place is not None and start.place.episode_no == following:  # noqa: SIM102
            if begin <= start.started_at <= end:
                return CONTINUED_AUTO if start.reason == AUTO_NEXT_REASON else CONTINUED_DELIBERATE
    for impression in shown:
        gate = impression.gate
        if (
            gate is not None
            and gate.episode_no == following
            and gate.series_id == place.series_id
            and begin <= impression.shown_at <= end
        ):
            return STOPPED_AT_GATE
    return 0


def _credit(sitting: Sitting, sign: i64, rows: TableRows) -> None:
    row = rows.change(_key(sitting.place, sitting.start_at))
    row.values[SITTING_COUNT] += sign
    row.values[PLAYED_MS] += sign * sitting.played_ms
    if sign < 0:
        row.move(DEPTH, sitting.depth, NO_BIN)
        row.move(RUN, sitting.run, NO_BIN)
        row.move(DELIBERATE, sitting.deliberate, NO_BIN)
    else:
        row.move(DEPTH, NO_BIN, sitting.depth)
        row.move(RUN, NO_BIN, sitting.run)
        row.move(DELIBERATE, NO_BIN, sitting.deliberate)


def _key(first: Place, start_at: i64) -> Key:
    return (start_at // HOUR_MS * HOUR_S, first.series_id, first.platform, first.country)
