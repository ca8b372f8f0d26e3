"""Plays: what one is worth, what it does to its rows, and where its span and its cover end. Pure."""

from functools import partial

from schemas.rules import FoldRules
from streams.rows import Row, RowBook
from streams.state import Play, PlayCredit

HOUR_S = 3600
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
FINE_CURVE_MS = 300_000
COARSE_BINS = 300

# A flag is the bit of its counter's place in `episode_minutes`.
PREVIEW, START, FRESH, VALID, REACHED_25, REACHED_50, REACHED_75, REACHED_95, COMPLETE = (
    1 << counter for counter in range(9)
)
PLAYED_MS, WATCHED_MS = 9, 10
CONTINUED_AUTO, CONTINUED_DELIBERATE, STOPPED_AT_GATE = 11, 12, 13
NO_BIN = -1
NOTHING = PlayCredit(0, 0, 0, NO_BIN, 0)

_credit = partial(tuple.__new__, PlayCredit)
"""Makes a credit of a tuple, at a third of what its constructor costs."""

_COUNTERS = tuple(tuple(bit for bit in range(9) if flags >> bit & 1) for flags in range(1 << 9))
"""flags -> the counters that they raise"""


def worth(play: Play, rules: FoldRules) -> PlayCredit:
    """Return what a started play counts as."""
    place = play.place
    assert place is not None
    if play.start_reason == "preview":
        return _credit((PREVIEW, 0, 0, NO_BIN, play.last_at))
    duration = place.duration_ms
    position = play.position_ms
    position = max(position, play.start_position_ms)
    played = play.played_ms if play.played_ms > 0 else 0
    watched = play.watched_ms
    flags = START
    if 100 * play.start_position_ms < 5 * duration:
        flags |= FRESH
    percent = 100 * position
    if percent >= 25 * duration:
        flags |= REACHED_25
        if percent >= 50 * duration:
            flags |= REACHED_50
            if percent >= 75 * duration:
                flags |= REACHED_75
                if percent >= 95 * duration:
                    flags |= REACHED_95
    if played >= rules.valid_play_ms or 100 * played >= 25 * duration:
        flags |= VALID
        if 100 * watched >= 90 * duration if watched >= 0 else flags & REACHED_95:
            flags |= COMPLETE
    if watched > duration:
        watched = duration
    elif watched < 0:
        watched = 0
    return _credit((flags, played, watched, exit_bin(position, duration), play.last_at))


def exit_bin(position_ms: int, duration_ms: int) -> int:
    """Return the bin of the exit curve: seconds up to five minutes, 1/300 of the duration over that."""
    if duration_ms <= FINE_CURVE_MS:
        return min(position_ms // 1000, -(-duration_ms // 1000) - 1)
    return min(COARSE_BINS * position_ms // duration_ms, COARSE_BINS - 1)


def rows_of(play: Play, book: RowBook) -> tuple[Row, Row]:
    """Return the rows of `episode_minutes` and `exit_curves` that a started play counts in, to be changed."""
    rows: tuple[Row, Row] | None = play.rows
    if rows is None or rows[0].generation != book.generation:
        place = play.place
        assert place is not None
        minute = play.started_at // MINUTE_MS * 60
        hour = play.started_at // HOUR_MS * HOUR_S
        curve = book.curves.change((hour, place.series_id, place.episode_no, place.platform))
        rows = play.rows = (book.episodes.change((minute, *place[:5])), curve)
        return rows
    if not rows[0].dirty:
        book.episodes.mark(rows[0])
    if not rows[1].dirty:
        book.curves.mark(rows[1])
    return rows


def recount(play: Play, new: PlayCredit | None, book: RowBook) -> int:
    """Take a play's credit off its rows and put `new` on. Return the flags that it gained or lost."""
    old = play.credit
    play.credit = new
    old_flags, old_played, old_watched, old_bin, _ = old or NOTHING
    new_flags, new_played, new_watched, new_bin, _ = new or NOTHING
    episode, curve = rows_of(play, book)
    values = episode.values
    values[PLAYED_MS] += new_played - old_played
    values[WATCHED_MS] += new_watched - old_watched
    flipped = old_flags ^ new_flags
    if flipped:
        for counter in _COUNTERS[flipped & new_flags]:
            values[counter] += 1
        for counter in _COUNTERS[flipped & old_flags]:
            values[counter] -= 1
    if old_bin != new_bin:
        curve.move(0, old_bin if old_bin >= 0 else None, new_bin if new_bin >= 0 else None)
    return flipped


def recount_continuation(play: Play, new: int, book: RowBook) -> None:
    """Count a play as continued (the counter's place in the row), stopped at the gate, or left (0)."""
    if play.continued != new:
        values = rows_of(play, book)[0].values
        if play.continued:
            values[play.continued] -= 1
        if new:
            values[new] += 1
        play.continued = new
