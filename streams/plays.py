"""Plays: what one is worth, what it does to its rows, and where its span and its cover end. Pure."""

from typing import Final

from mypy_extensions import i16, i32, i64, u8

from streams.rows import Row, RowBook
from streams.state import NO_BIN, PREVIEW_REASON, Play

HOUR_S: Final = 3600
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
FINE_CURVE_MS: Final = 300_000
COARSE_BINS: Final = 300

# A flag is the bit of its counter's place in `episode_minutes`.
PREVIEW: Final = 1
START: Final = 2
FRESH: Final = 4
VALID: Final = 8
REACHED_25: Final = 16
REACHED_50: Final = 32
REACHED_75: Final = 64
REACHED_95: Final = 128
COMPLETE: Final = 256
FLAGS: Final = 9
PLAYED_MS: Final = 9
WATCHED_MS: Final = 10
CONTINUED_AUTO: Final = 11
CONTINUED_DELIBERATE: Final = 12
STOPPED_AT_GATE: Final = 13


def flags_of(play: Play, valid_play_ms: i64) -> i64:
    """Return the flags that a started play is worth."""
    place = play.place
    assert place is not None
    if play.reason == PREVIEW_REASON:
        return PREVIEW
    duration = place.duration_ms
    flags: i64 = START
    if 100 * i64(play.start_position_ms) < 5 * duration:
        flags |= FRESH
    percent = 100 * furthest(play)
    if percent >= 25 * duration:
        flags |= REACHED_25
        if percent >= 50 * duration:
            flags |= REACHED_50
            if percent >= 75 * duration:
                flags |= REACHED_75
                if percent >= 95 * duration:
                    flags |= REACHED_95
    played = worth_played_ms(play)
    if played >= valid_play_ms or 100 * played >= 25 * duration:
        flags |= VALID
        watched = i64(play.watched_ms)
        if watched >= 0:
            if 100 * watched >= 90 * duration:
                flags |= COMPLETE
        elif flags & REACHED_95:
            flags |= COMPLETE
    return flags


def furthest(play: Play) -> i64:
    """Return the furthest position of a play, in ms."""
    return i64(play.position_ms if play.position_ms > play.start_position_ms else play.start_position_ms)


def worth_played_ms(play: Play) -> i64:
    """Return the wall time of playing that a play is worth."""
    return i64(play.played_ms) if play.played_ms > 0 and play.reason != PREVIEW_REASON else 0


def worth_watched_ms(play: Play) -> i64:
    """Return the time of content that a play is worth: at most the episode's length."""
    assert play.place is not None
    if play.watched_ms <= 0 or play.reason == PREVIEW_REASON:
        return 0
    watched = i64(play.watched_ms)
    return min(watched, play.place.duration_ms)


def exit_bin(position_ms: i64, duration_ms: i64) -> i64:
    """Return the bin of the exit curve: seconds up to five minutes, 1/300 of the duration over that."""
    if duration_ms <= FINE_CURVE_MS:
        return min(position_ms // 1000, (duration_ms + 999) // 1000 - 1)
    return min(COARSE_BINS * position_ms // duration_ms, COARSE_BINS - 1)


def episode_row(play: Play, book: RowBook) -> Row:
    """Return the row of `episode_minutes` that a started play counts in, to be changed."""
    row = play.episode_row
    if row is None or row.generation != book.generation:
        place = play.place
        assert place is not None
        minute = play.started_at // MINUTE_MS * 60
        hour = play.started_at // HOUR_MS * HOUR_S
        play.curve_row = book.curves.change((hour, place.series_id, place.episode_no, place.platform))
        play.episode_row = row = book.episodes.change(
            (minute, place.series_id, place.episode_no, place.paywall_no, place.platform, place.country)
        )
    elif not row.dirty:
        book.episodes.mark(row)
    return row


def curve_row(play: Play, book: RowBook) -> Row:
    """Return the row of `exit_curves` that a started play counts in, to be changed."""
    row = play.curve_row
    if row is None or row.generation != book.generation:
        episode_row(play, book)
        row = play.curve_row
        assert row is not None
    elif not row.dirty:
        book.curves.mark(row)
    return row


def open_rows(play: Play, book: RowBook) -> None:
    """Have the rows written that a started play counts in, whether or not they change."""
    episode_row(play, book)
    curve_row(play, book)


def recount(play: Play, book: RowBook, flags: i64, played_ms: i64, watched_ms: i64) -> i64:
    """Let a play's row hold these flags and sums of it. Return the flags that it gained or lost."""
    values = episode_row(play, book).values
    if played_ms != i64(play.counted_played_ms):
        values[PLAYED_MS] += played_ms - i64(play.counted_played_ms)
        play.counted_played_ms = i32(played_ms)
    if watched_ms != i64(play.counted_watched_ms):
        values[WATCHED_MS] += watched_ms - i64(play.counted_watched_ms)
        play.counted_watched_ms = i32(watched_ms)
    flipped: i64 = flags ^ i64(play.counted_flags)
    if flipped:
        for counter in range(FLAGS):
            bit = i64(1) << counter
            if flipped & bit:
                values[counter] += 1 if flags & bit else -1
        play.counted_flags = i16(flags)
    return flipped


def recount_bin(play: Play, book: RowBook, new: i64) -> None:
    """Let the exit curve hold a play in this bin, or in none."""
    if i64(play.counted_bin) != new:
        curve_row(play, book).move(0, i64(play.counted_bin), new)
        play.counted_bin = i16(new)


def bin_of(play: Play) -> i64:
    """Return the bin of the exit curve that a started play is worth."""
    assert play.place is not None
    return NO_BIN if play.reason == PREVIEW_REASON else exit_bin(furthest(play), play.place.duration_ms)


def recount_continuation(play: Play, new: i64, book: RowBook) -> None:
    """Count a play as continued (the counter's place in the row), stopped at the gate, or left (0)."""
    old = i64(play.continued)
    if old != new:
        values = episode_row(play, book).values
        if old:
            values[old] -= 1
        if new:
            values[new] += 1
        play.continued = u8(new)


def credit(play: Play, valid_play_ms: i64) -> None:
    """Let a play be credited with what it is worth: its rows hold it already."""
    play.counted_flags = i16(flags_of(play, valid_play_ms))
    play.counted_played_ms = i32(worth_played_ms(play))
    play.counted_watched_ms = i32(worth_watched_ms(play))
    play.counted_bin = i16(bin_of(play))
    play.counted_at = play.last_at
