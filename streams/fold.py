"""The fold of one partition: a message at an offset meets the state, line by line. Pure.

It reads nothing but the state and the message: no wall clock, nothing random, no lookup. Merging
raises maxima, lowers minima and adds to sets, so copies and disorder change nothing; counting
(count.py) turns states into rows.
"""

from typing import NamedTuple

from schemas.reasons import Reason
from streams.count import count_all
from streams.days import merge_day
from streams.decode import decode
from streams.lines import (
    Heartbeat,
    Pause,
    PlayEnd,
    PlayerError,
    PlayStart,
    Progress,
    Resume,
    Seek,
    Stall,
    ViewerDeletion,
)
from streams.merge_paywall import PaywallMerge
from streams.merge_plays import merge_start, open_play, open_rows_of_complete
from streams.partition import Partition
from streams.state import ABSENT, Viewer

_PROGRESS = frozenset({Heartbeat, Pause, Resume, Seek, Stall, PlayerError, PlayEnd})


class Reject(NamedTuple):
    """A line that goes to quarantine: its place among the lines of its message, and why."""

    line: int
    reason: Reason


def apply(  # noqa: PLR0912 -- one line after the other, written out to be fast
    partition: Partition, offset: int, timestamp_ms: int, payload: bytes
) -> list[Reject]:
    """Fold one message into a partition; return the lines of it that go to quarantine.

    Args:
        partition: the state; `offset` must be its `next_offset` or past it (a compacted gap).
        offset: the message's offset.
        timestamp_ms: the broker's timestamp of the message, ms since the epoch.
        payload: NDJSON, one event a line.
    """
    events, indexes, bad = decode(payload)
    rejects = [Reject(index, reason) for index, reason in bad]
    limit, lateness = timestamp_ms + partition.rules.clock_ahead_ms, partition.rules.lateness_ms
    watermark, slot_end = partition.watermark, partition.slot_end
    viewers = partition.viewers
    applied = redundant = excluded = 0
    for index, line in zip(indexes, events, strict=True):
        received_at, sent_at, occurred_at = line.received_at, line.sent_at, line.occurred_at
        if received_at is None:
            received_at = timestamp_ms
        elif received_at > limit:
            received_at = limit
        if received_at > watermark:
            if received_at >= slot_end:
                _enter_slot(partition, offset, received_at)
                slot_end = partition.slot_end
            watermark = received_at
        at = received_at - sent_at + occurred_at
        if at + lateness < watermark or occurred_at > sent_at or at < 0:
            unusable = at < 0 or occurred_at > sent_at
            rejects.append(Reject(index, Reason.CLOCK_UNUSABLE if unusable else Reason.LATE))
            continue
        if type(line) is ViewerDeletion:
            redundant += 1  # aggregates stay
            continue
        if line.environment != "production":
            excluded += 1
            continue
        viewer = viewers.get(line.viewer_id)
        if viewer is None:
            viewer = viewers[line.viewer_id] = Viewer()
        opened = not viewer.today_from < at < viewer.today_until and merge_day(partition, viewer, line, at)
        if type(line) in _PROGRESS:
            changed = _merge_progress(partition, viewer, line, at)
        elif type(line) is PlayStart:
            changed = merge_start(partition, viewer, line, at)
        else:
            changed = PaywallMerge(partition, viewer, at).merge(line)
        if changed or opened:
            applied += 1
        else:
            redundant += 1
    partition.watermark = watermark
    partition.next_offset = offset + 1
    tally = partition.tally
    tally.received += len(events) + len(bad)
    tally.applied += applied
    tally.redundant += redundant
    tally.excluded += excluded
    tally.quarantined += len(rejects)
    return rejects


def _enter_slot(partition: Partition, offset: int, watermark: int) -> None:
    """Count, and close the generation of rows, before the watermark enters another slot.

    A message can enter several slots: what it changes after the first belongs to the generation that
    it opened, since a generation is named by its offset.
    """
    count_all(partition)
    if partition.book.generation != offset:
        partition.book.open_generation(offset)
    partition.enter_slot(watermark)


def _merge_progress(partition: Partition, viewer: Viewer, line: Progress, at: int) -> bool:
    """Raise the maxima of a play. This is what most events are: it is written to be fast."""
    playback_id, gone_before = line.playback_id, partition.plays_gone_before
    for play in viewer.plays:
        if play.playback_id == playback_id and play.last_at >= gone_before:
            break
    else:
        play = open_play(partition, viewer, playback_id, at)
    position_ms, played_ms, watched_ms = line.position_ms, line.played_ms, line.watched_ms
    changed = False
    if at > play.last_at:
        play.last_at = at
        changed = True
    if position_ms > play.position_ms:
        play.position_ms = position_ms
        changed = True
    if played_ms is not None and played_ms > play.played_ms:
        play.played_ms = played_ms
        changed = True
    if watched_ms is not None and watched_ms > play.watched_ms:
        if play.watched_ms == ABSENT:
            open_rows_of_complete(partition, viewer, play)
        play.watched_ms = watched_ms
        changed = True
    if changed and not play.touched:
        play.touched = True
        partition.touched.plays.append((viewer, play))
    return changed
