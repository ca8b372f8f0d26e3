"""The fold of one partition: a message at an offset meets the state, line by line. Pure.

It reads nothing but the state and the message: no wall clock, nothing random, no lookup. Merging
raises maxima, lowers minima and adds to sets, so copies and disorder change nothing; counting
(count.py) turns states into rows.
"""

from typing import Any, Final, NamedTuple

from mypy_extensions import i32, i64

from schemas.reasons import Reason
from streams.count import count_all, count_viewer
from streams.days import merge_day
from streams.decode import decode
from streams.lines import (
    Heartbeat,
    Pause,
    PlayEnd,
    PlayerError,
    PlayStart,
    Resume,
    Seek,
    Stall,
    ViewerDeletion,
)
from streams.merge_paywall import PaywallMerge
from streams.merge_plays import merge_start, open_play
from streams.partition import Deletion, Partition
from streams.state import Viewer, halves_of

_PROGRESS: Final = frozenset({Heartbeat, Pause, Resume, Seek, Stall, PlayerError, PlayEnd})


APPLIED: Final = 0
REDUNDANT: Final = 1
EXCLUDED: Final = 2
UNUSABLE: Final = 3
FORGOTTEN: Final = 4
"""Applied, and to be written down."""


class Reject(NamedTuple):
    """A line that goes to quarantine: its place among the lines of its message, and why."""

    line: int
    reason: Reason


def apply(partition: Partition, offset: i64, timestamp_ms: i64, payload: bytes) -> list[Reject]:
    """Fold one message into a partition; return the lines of it that go to quarantine.

    Args:
        partition: the state; `offset` must be its `next_offset` or past it (a compacted gap).
        offset: the message's offset.
        timestamp_ms: the broker's timestamp of the message, ms since the epoch.
        payload: NDJSON, one event a line.
    """
    events, indexes, bad = decode(payload)
    rejects = [Reject(index, reason) for index, reason in bad]
    latest = timestamp_ms + partition.clock_ahead_ms
    outcomes: list[int] = [0, 0, 0, 0, 0]
    for number in range(len(events)):
        line = events[number]
        said = line.received_at
        received_at: i64 = timestamp_ms if said is None else said
        outcome = _fold(partition, offset, min(received_at, latest), line)
        outcomes[outcome] += 1
        if outcome == UNUSABLE:
            reason = Reason.CLOCK_UNUSABLE if _has_unusable_clock(line, received_at, latest) else Reason.LATE
            rejects.append(Reject(indexes[number], reason))
        elif outcome == FORGOTTEN:
            index = indexes[number]
            met = Deletion(offset, index, line.viewer_id, line.requested_at, timestamp_ms)
            partition.deletions.append(met)
    partition.next_offset = offset + 1
    tally = partition.tally
    tally.received += len(events) + len(bad)
    tally.applied += outcomes[APPLIED] + outcomes[FORGOTTEN]
    tally.redundant += outcomes[REDUNDANT]
    tally.excluded += outcomes[EXCLUDED]
    tally.quarantined += len(rejects)
    return rejects


def _fold(partition: Partition, offset: i64, received_at: i64, line: Any) -> i64:
    """Fold one line, an `AnyLine`; return its outcome."""
    if received_at > partition.watermark:
        if received_at >= partition.slot_end:
            _enter_slot(partition, offset, received_at)
        partition.watermark = received_at
    sent_at: i64 = line.sent_at
    occurred_at: i64 = line.occurred_at
    at = received_at - sent_at + occurred_at
    kind = type(line)
    if at + partition.lateness_ms < partition.watermark or occurred_at > sent_at or at < 0:
        return _fold_unusable(partition, line, at)
    if kind is ViewerDeletion:
        return _forget(partition, line, at)
    environment: str = line.environment
    viewer_id: str = line.viewer_id
    if environment != "production":
        return EXCLUDED
    if partition.deleted and at <= partition.deleted.get(viewer_id, -1):
        return EXCLUDED
    viewer = partition.viewers.get(viewer_id)
    if viewer is None:
        viewer = partition.viewers[viewer_id] = Viewer()
    opened = not viewer.today_from < at < viewer.today_until and merge_day(partition, viewer, line, at)
    if kind is Heartbeat or kind in _PROGRESS:
        changed = _merge_progress(partition, viewer, line, at)
    elif kind is PlayStart:
        changed = merge_start(partition, viewer, line, at)
    else:
        changed = PaywallMerge(partition, viewer, at).merge(line)
    return APPLIED if changed or opened else REDUNDANT


def _fold_unusable(partition: Partition, line: Any, at: i64) -> i64:
    """Fold a line that is late or tells no time. No deletion is too late; who was forgotten is not kept."""
    occurred_at: i64 = line.occurred_at
    sent_at: i64 = line.sent_at
    if occurred_at > sent_at or at < 0:
        return UNUSABLE
    if type(line) is ViewerDeletion:
        return _forget(partition, line, at)
    return EXCLUDED if at <= partition.forgotten_at(line.viewer_id) else UNUSABLE


def _forget(partition: Partition, line: Any, at: i64) -> i64:
    """Drop a viewer. Counted before, as at the edge of a slot: what the rows keep follows from the log."""
    if at <= partition.forgotten_at(line.viewer_id):
        return REDUNDANT
    viewer = partition.viewers.get(line.viewer_id)
    if viewer is not None:
        count_viewer(partition, viewer)
    partition.forget(line.viewer_id, at)
    return FORGOTTEN


def _has_unusable_clock(line: Any, received_at: i64, latest: i64) -> bool:
    """Whether a line tells no time at all: sent before it occurred, or occurred before 1970."""
    sent_at: i64 = line.sent_at
    occurred_at: i64 = line.occurred_at
    return occurred_at > sent_at or min(received_at, latest) - sent_at + occurred_at < 0


def _enter_slot(partition: Partition, offset: i64, watermark: i64) -> None:
    """Count, and close the generation of rows, before the watermark enters another slot.

    A message can enter several slots: what it changes after the first belongs to the generation that
    it opened, since a generation is named by its offset.
    """
    count_all(partition)
    if partition.book.generation != offset:
        partition.book.open_generation(offset)
    partition.enter_slot(watermark)


def _merge_progress(partition: Partition, viewer: Viewer, line: Any, at: i64) -> bool:
    """Raise the maxima of a play by a `Progress`. This is what most events are: it is written to be fast."""
    playback_id: str = line.playback_id
    play = viewer.play
    text, first, last = halves_of(playback_id)
    if play is None or not play.is_called(text, first, last) or play.last_at < partition.plays_gone_before:
        play = open_play(partition, viewer, playback_id, at)
    changed = False
    if at > play.last_at:
        play.last_at = at
        changed = True
    position_ms = i32(line.position_ms)
    if position_ms > play.position_ms:
        play.position_ms = position_ms
        changed = True
    played = line.played_ms
    if played is not None:
        played_ms = i32(played)
        if played_ms > play.played_ms:
            play.played_ms = played_ms
            changed = True
    watched = line.watched_ms
    if watched is not None:
        watched_ms = i32(watched)
        if watched_ms > play.watched_ms:
            play.watched_ms = watched_ms
            changed = True
    if changed and not play.touched:
        play.touched = True
        partition.touched.plays.append(play)
        partition.touched.viewers.append(viewer)
    return changed
