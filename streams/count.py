"""Count what events have touched: take its credit off its rows, put what it is worth on. Pure.

After a count the rows are a function of the state alone, so when it happens changes no number. The
tables of playback and of the paywall can be counted apart: their rows are written at another pace.
"""

from streams import days, paywall, plays, sittings
from streams.cold import drop_gone, live_paywall
from streams.days import PLAYED_AFTER_UNLOCK, UNLOCKED, WATCHED, count_object
from streams.partition import Partition
from streams.state import Impression, Play, PlayCredit, Unlock, Viewer


def count_all(partition: Partition) -> None:
    """Count everything touched."""
    count_playback(partition)
    count_paywall(partition)
    count_days(partition)


def count_playback(partition: Partition) -> None:
    """Count plays, sittings and continuations."""
    touched, partition.touched.plays = partition.touched.plays, []
    for viewer, play in touched:
        play.touched = False
        if play.place is not None:
            _count_play(partition, viewer, play)
    series, partition.touched.series = partition.touched.series, set()
    gap_ms = partition.rules.sitting_gap_ms
    for viewer, series_id in series:
        _forget_gone(partition, viewer)
        sittings.recount(viewer, series_id, _impressions(partition, viewer), gap_ms, partition.book)


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
            count_object(partition, viewer, impression.shown_at, days.MET_PAYWALL, 1)


def count_days(partition: Partition) -> None:
    """Count viewers' days. What happened on them must have been counted."""
    touched, partition.touched.days = partition.touched.days, []
    rows = partition.book.days
    for day in touched:
        day.touched = False
        days.recount(day, rows)


def _forget_gone(partition: Partition, viewer: Viewer) -> None:
    """Forget plays that are gone, swept or not: the impressions in their spans may be forgotten already."""
    if any(play.last_at < partition.plays_gone_before for play in viewer.plays):
        drop_gone(partition, viewer)


def _count_play(partition: Partition, viewer: Viewer, play: Play) -> None:
    book = partition.book
    old, new = play.credit, plays.worth(play, partition.rules)
    flipped = plays.recount(play, new, book)
    if new.flags & plays.PREVIEW:
        return
    assert play.place is not None
    if flipped & plays.VALID:
        count_object(partition, viewer, play.started_at, WATCHED, 1 if new.flags & plays.VALID else -1)
    if old is None or _reaches_more(partition, viewer, old, new):
        partition.touched.series.add((viewer, play.place.series_id))
    elif flipped & (plays.VALID | plays.COMPLETE):
        sittings.adjust(viewer, play, new.played_ms - old.played_ms, book.sittings)
        if flipped & plays.COMPLETE:
            _count_continuation(partition, viewer, play)
    else:
        sittings.add_played(viewer, play, new.played_ms - old.played_ms, book.sittings)


def _count_continuation(partition: Partition, viewer: Viewer, play: Play) -> None:
    assert play.place is not None
    outcome = sittings.outcome(
        play,
        sittings.plays_of(viewer, play.place.series_id),
        _impressions(partition, viewer),
        partition.rules.sitting_gap_ms,
    )
    plays.recount_continuation(play, outcome, partition.book)


def _reaches_more(partition: Partition, viewer: Viewer, old: PlayCredit, new: PlayCredit) -> bool:
    """Whether the play lasts longer and something had happened after where its span used to end."""
    return old.last_at != new.last_at and old.last_at + partition.rules.sitting_gap_ms < viewer.latest_at


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
    """Return the impressions that a hot play's span may hold."""
    if viewer.paywall is None:
        return []
    if isinstance(viewer.paywall, bytes):
        first = min((play.started_at for play in viewer.plays if play.counts), default=None)
        if first is None or viewer.paywall_to < first:
            return []
    return list(live_paywall(partition, viewer).impressions.values())
