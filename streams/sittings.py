"""Sittings and continuation: what the plays of one viewer and one series are to each other. Pure."""

from collections.abc import Iterable, Sequence

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
from streams.rows import RowBook, TableRows
from streams.state import Impression, Play, Sitting, Viewer

SITTING_COUNT, PLAYED_MS = 0, 1
DEPTH, RUN, DELIBERATE = 0, 1, 2


def plays_of(viewer: Viewer, series_id: str) -> list[Play]:
    """Return the hot plays of a series that count, in the order of their starts."""
    plays = [
        p
        for p in viewer.plays
        if p.place is not None and p.place.series_id == series_id and p.start_reason != "preview"
    ]
    if len(plays) > 1:
        plays.sort(key=_moment)
    return plays


def cluster(plays: Sequence[Play], gap_ms: int) -> list[list[Play]]:
    """Split plays in order into sittings: covers at most `gap_ms` apart are together."""
    clusters: list[list[Play]] = []
    end = 0
    for play in plays:
        if clusters and play.started_at - end <= gap_ms:
            clusters[-1].append(play)
            end = max(end, play.last_at)
        else:
            clusters.append([play])
            end = play.last_at
    return clusters


def measure(plays: Sequence[Play]) -> Sitting:
    """Return the sitting that plays in order make. Their own credits must be up to date."""
    first = plays[0].place
    assert first is not None
    valid: set[int] = set()
    complete: set[int] = set()
    deliberate: set[int] = set()
    played = end = 0
    for play in plays:
        credit, place = play.credit, play.place
        assert credit is not None
        assert place is not None
        played += credit.played_ms
        end = max(end, play.last_at)
        if credit.flags & VALID:
            valid.add(place.episode_no)
            if play.start_reason != "auto_next":
                deliberate.add(place.episode_no)
            if credit.flags & COMPLETE:
                complete.add(place.episode_no)
    start = plays[0].started_at
    return Sitting(
        series_id=first.series_id,
        platform=first.platform,
        country=first.country,
        hour=start // HOUR_MS * HOUR_S,
        start_at=start,
        end_at=end,
        depth=len(valid),
        run=longest_run(complete),
        deliberate=len(deliberate),
        played_ms=played,
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


def recount(viewer: Viewer, series_id: str, shown: Sequence[Impression], gap_ms: int, book: RowBook) -> None:
    """Count the sittings of a series and the continuation of its completed plays anew."""
    plays = plays_of(viewer, series_id)
    new = [measure(together) for together in cluster(plays, gap_ms)]
    for sitting in viewer.sittings:
        if sitting.series_id == series_id:
            _credit(sitting, -1, book.sittings)
    for sitting in new:
        _credit(sitting, 1, book.sittings)
    viewer.sittings = (*new, *(s for s in viewer.sittings if s.series_id != series_id))
    for play in plays:
        if play.credit is not None and (play.credit.flags & COMPLETE or play.continued):
            recount_continuation(play, outcome(play, plays, shown, gap_ms), book)


def adjust(viewer: Viewer, play: Play, played_ms: int, rows: TableRows) -> None:
    """Count a sitting in which one play became valid or complete, or no longer is, and nothing else."""
    sitting = sitting_of(viewer, play)
    new = measure(
        [
            p
            for p in viewer.plays
            if p.credit is not None
            and p.place is not None
            and p.place.series_id == sitting.series_id
            and sitting.start_at <= p.started_at <= sitting.end_at
            and p.start_reason != "preview"
        ]
    )
    row = rows.change(_key(sitting))
    row.values[PLAYED_MS] += played_ms
    if sitting.depth != new.depth:
        row.move(DEPTH, sitting.depth, new.depth)
    if sitting.run != new.run:
        row.move(RUN, sitting.run, new.run)
    if sitting.deliberate != new.deliberate:
        row.move(DELIBERATE, sitting.deliberate, new.deliberate)
    sitting.depth, sitting.run, sitting.deliberate = new.depth, new.run, new.deliberate
    sitting.played_ms += played_ms
    sitting.end_at = max(sitting.end_at, play.last_at)


def open_row(play: Play, rows: TableRows) -> None:
    """Have the row written that a sitting counts in which this play begins."""
    place = play.place
    assert place is not None
    hour = play.started_at // HOUR_MS * HOUR_S
    rows.change((hour, place.series_id, place.platform, place.country))


def open_row_of_first(viewer: Viewer, play: Play, rows: TableRows) -> None:
    """The same, unless a sitting that is counted there has the row written anyway."""
    place = play.place
    assert place is not None
    hour = play.started_at // HOUR_MS * HOUR_S
    for sitting in viewer.sittings:
        if (
            sitting.hour == hour
            and sitting.series_id == place.series_id
            and sitting.platform == place.platform
            and sitting.country == place.country
        ):
            return
    open_row(play, rows)


def sitting_of(viewer: Viewer, play: Play) -> Sitting:
    """Return the sitting that a counted play stands in."""
    place = play.place
    assert place is not None
    for sitting in viewer.sittings:
        if sitting.start_at <= play.started_at <= sitting.end_at and sitting.series_id == place.series_id:
            return sitting
    raise AssertionError("a counted play stands in no sitting")


def add_played(viewer: Viewer, play: Play, played_ms: int, rows: TableRows) -> None:
    """Let the sitting of a play grow by time played and up to the play's last event; no more has changed."""
    sitting = sitting_of(viewer, play)
    if played_ms:
        rows.change(_key(sitting)).values[PLAYED_MS] += played_ms
        sitting.played_ms += played_ms
    if play.last_at > sitting.end_at:
        sitting.end_at = play.last_at


def outcome(play: Play, plays: Iterable[Play], shown: Iterable[Impression], gap_ms: int) -> int:
    """Return the counter for what followed a play within its span; 0 when it is not complete, or nothing did.

    `plays` are those of the series that count, in the order of their starts.
    """
    place, credit = play.place, play.credit
    assert place is not None
    if credit is None or not credit.flags & COMPLETE:
        return 0
    following, begin, end = place.episode_no + 1, play.started_at, play.last_at + gap_ms
    for start in plays:
        if start.place.episode_no == following and begin <= start.started_at <= end:  # type: ignore[union-attr]
            return CONTINUED_AUTO if start.start_reason == "auto_next" else CONTINUED_DELIBERATE
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


def _credit(sitting: Sitting, sign: int, rows: TableRows) -> None:
    row = rows.change(_key(sitting))
    row.values[SITTING_COUNT] += sign
    row.values[PLAYED_MS] += sign * sitting.played_ms
    for histogram, value in ((DEPTH, sitting.depth), (RUN, sitting.run), (DELIBERATE, sitting.deliberate)):
        row.move(histogram, value if sign < 0 else None, value if sign > 0 else None)


def _key(sitting: Sitting) -> tuple[int, str, str, str]:
    return (sitting.hour, sitting.series_id, sitting.platform, sitting.country)


def _moment(play: Play) -> tuple[int, str, str]:
    return (play.started_at, play.event_id, play.playback_id)
