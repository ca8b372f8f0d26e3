"""Turn touched states into rows: what an object counts as, less what it was counted as before. Pure.

When this happens changes no number, except that everything is counted at the edge of a slot (fold.py).
Histograms, which are written with a checkpoint, are counted with it: a play that goes on moves through
many bins in the meantime.
"""

from collections.abc import Sequence

from schemas.tables import EPISODE_MINUTES, VIEWER_DAYS, CounterTable
from streams import days, paywall, plays, sittings
from streams.cold import drop_gone, live_paywall
from streams.days import MET_PAYWALL, PLAYED_AFTER_UNLOCK, UNLOCKED, WATCHED, count_object
from streams.partition import Partition
from streams.paywall_state import Impression, Unlock
from streams.state import PREVIEW_REASON, Play, Viewer, plays_of


def count_viewer(partition: Partition, viewer: Viewer) -> None:
    """Count everything touched of one viewer."""
    waiting, mine = partition.touched.split(viewer)
    partition.touched = mine
    count_all(partition)
    partition.touched = waiting


def count_for(partition: Partition, tables: Sequence[CounterTable]) -> None:
    """Count what rows of these tables are made of; it may be more."""
    if any(table.histograms for table in tables):
        count_all(partition)
    elif EPISODE_MINUTES in tables or VIEWER_DAYS in tables:
        count_minutes(partition)
    else:
        count_paywall(partition)


def count_all(partition: Partition) -> None:
    """Count everything touched."""
    count_minutes(partition)
    count_histograms(partition)


def count_minutes(partition: Partition) -> None:
    """Count everything touched but exit curves and sittings."""
    count_playback(partition)
    count_paywall(partition)
    count_days(partition)


def count_playback(partition: Partition) -> None:
    """Count plays and continuations."""
    touched = partition.touched
    found, viewers = touched.plays, touched.viewers
    touched.plays, touched.viewers = [], []
    for index in range(len(found)):
        play = found[index]
        play.touched = False
        if play.place is not None:
            _count_play(partition, viewers[index], play)
    series, touched.series = touched.series, set()
    for viewer, series_id in series:
        _forget_gone(partition, viewer)
        shown = _impressions(partition, viewer)
        sittings.recount_continuations(viewer, series_id, shown, partition.sitting_gap_ms, partition.book)


def count_histograms(partition: Partition) -> None:
    """Count exit curves and sittings. Plays must have been counted."""
    touched = partition.touched
    series, touched.late_series = touched.late_series, set()
    for viewer, series_id in series:
        _forget_gone(partition, viewer)
        sittings.recount(viewer, series_id, partition.sitting_gap_ms, partition.book)
    found, viewers = touched.late_plays, touched.late_viewers
    touched.late_plays, touched.late_viewers = [], []
    for index in range(len(found)):
        play = found[index]
        play.touched_late = False
        place = play.place
        if place is not None and play.counted_flags:
            plays.recount_bin(play, partition.book, plays.bin_of(play))
            is_done = series and (viewers[index], place.series_id) in series
            if play.reason != PREVIEW_REASON and not is_done:
                sittings.adjust(viewers[index], play, partition.book.sittings)


def count_paywall(partition: Partition) -> None:
    """Count unlocks and impressions."""
    unlocks, partition.touched.unlocks = partition.touched.unlocks, []
    for viewer, unlock in unlocks:
        unlock.touched = False
        _count_unlock(partition, viewer, unlock)
    impressions, partition.touched.impressions = partition.touched.impressions, []
    rows = partition.book.paywalls
    for viewer, impression in impressions:
        impression.touched = False
        worth = paywall.worth(impression, live_paywall(partition, viewer))
        if paywall.recount(impression, worth, rows) & paywall.SHOWN:
            count_object(partition, viewer, impression.shown_at, MET_PAYWALL, 1)


def count_days(partition: Partition) -> None:
    """Count viewers' days. What happened on them must have been counted."""
    touched, partition.touched.days = partition.touched.days, []
    rows = partition.book.days
    for day in touched:
        day.touched = False
        days.recount(day, rows)


def _forget_gone(partition: Partition, viewer: Viewer) -> None:
    """Forget plays that are gone, swept or not: the impressions in their spans may be forgotten already."""
    for play in plays_of(viewer):
        if play.last_at < partition.plays_gone_before:
            drop_gone(partition, viewer)
            return


def _count_play(partition: Partition, viewer: Viewer, play: Play) -> None:
    book, place = partition.book, play.place
    assert place is not None
    is_new, was_at = play.counted_flags == 0, play.counted_at
    flags = plays.flags_of(play, partition.valid_play_ms)
    flipped = plays.recount(play, book, flags, plays.worth_played_ms(play), plays.worth_watched_ms(play))
    play.counted_at = play.last_at
    if not play.touched_late:
        play.touched_late = True
        partition.touched.late_plays.append(play)
        partition.touched.late_viewers.append(viewer)
    if flags & plays.PREVIEW:
        return
    if flipped & plays.VALID:
        count_object(partition, viewer, play.started_at, WATCHED, 1 if flags & plays.VALID else -1)
    if is_new or (was_at != play.last_at and was_at + partition.sitting_gap_ms < viewer.latest_at):
        # new, or it lasts longer, and something had happened after where its span used to end
        partition.touch_series(viewer, place.series_id)
    elif flipped & plays.COMPLETE:
        _count_continuation(partition, viewer, play)


def _count_continuation(partition: Partition, viewer: Viewer, play: Play) -> None:
    assert play.place is not None
    outcome = sittings.outcome(
        play,
        sittings.plays_of_series(viewer, play.place.series_id),
        _impressions(partition, viewer),
        partition.sitting_gap_ms,
    )
    plays.recount_continuation(play, outcome, partition.book)


def _count_unlock(partition: Partition, viewer: Viewer, unlock: Unlock) -> None:
    live = live_paywall(partition, viewer)
    if live.unlocks.get(unlock.unlock_id) is not unlock:
        return  # another event of it turned out to be its first
    played = (unlock.series_id, unlock.episode_no) in unlock.played_after
    count_object(partition, viewer, unlock.at, UNLOCKED, 1 - unlock.counted)
    count_object(partition, viewer, unlock.at, PLAYED_AFTER_UNLOCK, played - unlock.played_counted)
    unlock.played_counted = played
    for impression in paywall.could_answer(unlock, live):
        partition.touch_impression(viewer, impression)
    answers = paywall.answered_by(unlock, live)
    paywall.recount_unlock(unlock, True, answers, partition.book.unlocks)


def _impressions(partition: Partition, viewer: Viewer) -> list[Impression]:
    """Return the impressions that a hot play's span may hold. What is gone is none, in memory or not."""
    if viewer.paywall is None:
        return []
    if isinstance(viewer.paywall, bytes):
        starts = [play.started_at for play in plays_of(viewer) if play.counts]
        if not starts or viewer.paywall_to < min(starts):
            return []
    horizon, live = partition.paywall_gone_before, live_paywall(partition, viewer)
    return [shown for shown in live.impressions.values() if shown.shown_at >= horizon]
