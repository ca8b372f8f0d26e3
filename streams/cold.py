"""Keep what has been silent for a while as bytes, and bring it back when something late arrives. Pure.

Packing changes no number: it happens after a count, so what comes back is worth what it is credited with.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from streams import plays, sittings
from streams.partition import Partition
from streams.state import Paywall, Place, Play, Viewer

_START_REASONS = (
    "tap", "next_tap", "next_swipe", "auto_next", "resume", "deep_link", "replay", "preview",
)  # fmt: skip
_REASON_NUMBER = {reason: number for number, reason in enumerate(_START_REASONS)}
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Any])
_PAYWALL_DECODER = msgspec.msgpack.Decoder(Paywall)
UUID_CHARS, UUID_BYTES = 36, 16
_WIDTH = 16  # fields of a packed play

_Group = list[Play]  # the plays of a sitting, or a single play that is in none


def pack_id(text: str) -> str | bytes:
    """Return a UUID in lower case as its 16 bytes, any other id as it is."""
    if len(text) != UUID_CHARS:
        return text
    try:
        packed = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return text
    return packed if len(packed) == UUID_BYTES and unpack_id(packed) == text else text


def unpack_id(packed: str | bytes) -> str:
    """Return the id that `pack_id` packed."""
    return str(UUID(bytes=packed)) if isinstance(packed, bytes) else packed


def pack_plays(hot: Iterable[Play]) -> bytes:
    """Return plays as bytes, about 90 a play."""
    fields: list[Any] = []
    for play in hot:
        fields += (
            pack_id(play.playback_id),
            play.last_at,
            play.last_at - play.started_at,
            pack_id(play.event_id),
            _REASON_NUMBER[play.start_reason],
            play.start_position_ms,
            play.position_ms,
            play.played_ms,
            play.watched_ms,
            play.continued,
            *(play.place or (None,)),
        )
        if play.place is None:
            fields += (None,) * 5
    return _ENCODER.encode(fields)


def unpack_plays(packed: bytes, partition: Partition) -> list[Play]:
    """Return the plays with the credit that they have."""
    fields = _DECODER.decode(packed) if packed else []
    found = []
    for at in range(0, len(fields), _WIDTH):
        (playback_id, last_at, age, event_id, reason, start_position, position, played, watched,
         continued, *place) = fields[at : at + _WIDTH]  # fmt: skip
        play = Play(
            playback_id=unpack_id(playback_id),
            last_at=last_at,
            place=partition.share(Place(*place)) if place[0] is not None else None,
            started_at=last_at - age,
            event_id=unpack_id(event_id),
            start_reason=_START_REASONS[reason],  # type: ignore[arg-type]
            start_position_ms=start_position,
            position_ms=position,
            played_ms=played,
            watched_ms=watched,
            continued=continued,
        )
        if play.place is not None:
            play.credit = plays.worth(play, partition.rules)
        found.append(play)
    return found


def thaw_plays(partition: Partition, viewer: Viewer) -> None:
    """Make the cold plays of a viewer hot; those of sittings that are gone stay behind for good."""
    if not viewer.cold:
        return
    cold = unpack_plays(viewer.cold, partition)
    viewer.cold, viewer.cold_to = b"", 0
    kept, _ = _split(cold, partition.plays_gone_before, partition.rules.sitting_gap_ms)
    viewer.plays += _flat(kept)
    viewer.sittings += tuple(sittings.measure(group) for group in kept if group[0].counts)


def freeze_plays(partition: Partition, viewer: Viewer) -> None:
    """Pack the plays of sittings that are over, and drop those that are gone. All must be counted."""
    silent_before = partition.watermark - partition.rules.sitting_gap_ms
    if not viewer.plays and not (viewer.cold and viewer.cold_to < partition.plays_gone_before):
        return
    gap = partition.rules.sitting_gap_ms
    hot, over = _split(list(viewer.plays), silent_before, gap)
    if not over and viewer.cold_to >= partition.plays_gone_before:
        return
    cold = [*unpack_plays(viewer.cold, partition), *_flat(over)]
    packed = _flat(_split(cold, partition.plays_gone_before, gap)[0])
    viewer.cold = pack_plays(packed) if packed else b""
    viewer.cold_to = max((play.last_at for play in packed), default=0)
    _forget(viewer, hot, over)


def drop_gone(partition: Partition, viewer: Viewer) -> None:
    """Forget the hot plays whose sittings are gone. All must be counted."""
    kept, gone = _split(list(viewer.plays), partition.plays_gone_before, partition.rules.sitting_gap_ms)
    _forget(viewer, kept, gone)


def live_paywall(partition: Partition, viewer: Viewer) -> Paywall:
    """Return a viewer's paywall, unpacked, opened if there is none."""
    if isinstance(viewer.paywall, bytes):
        viewer.paywall = _PAYWALL_DECODER.decode(viewer.paywall)
        viewer.paywall_to = 0
        _share_gates(partition, viewer.paywall)
    elif viewer.paywall is None:
        viewer.paywall = Paywall(first_at=partition.watermark)
    return viewer.paywall


def forget_gone(partition: Partition, paywall: Paywall) -> None:
    """Drop what is gone from a paywall, so that nothing counts it in, in memory or not."""
    horizon = partition.paywall_gone_before
    if paywall.first_at >= horizon:
        return
    paywall.impressions = {k: i for k, i in paywall.impressions.items() if i.shown_at >= horizon}
    paywall.unlocks = {k: u for k, u in paywall.unlocks.items() if u.at >= horizon}
    paywall.orders = {k: o for k, o in paywall.orders.items() if o.last_at >= horizon}
    paywall.ads = {k: a for k, a in paywall.ads.items() if a.at >= horizon}
    kept = (
        *(i.shown_at for i in paywall.impressions.values()),
        *(u.at for u in paywall.unlocks.values()),
        *(o.last_at for o in paywall.orders.values()),
        *(a.at for a in paywall.ads.values()),
    )
    paywall.first_at = min(kept, default=partition.watermark)


def share_live(partition: Partition, viewer: Viewer) -> None:
    """Let a viewer that was just read share what viewers have in common."""
    share = partition.share
    for play in viewer.plays:
        if play.place is not None:
            play.place = share(play.place)
    for sitting in viewer.sittings:
        sitting.series_id = share(sitting.series_id)
    for day in viewer.days:
        day.end_at, day.dimensions = share(day.end_at), share(day.dimensions)
    if isinstance(viewer.paywall, Paywall):
        _share_gates(partition, viewer.paywall)


def _share_gates(partition: Partition, paywall: Paywall) -> None:
    for impression in paywall.impressions.values():
        if impression.gate is not None:
            impression.gate = partition.share(impression.gate)


def freeze_paywall(partition: Partition, viewer: Viewer) -> None:
    """Drop what is gone from a viewer's paywall, and pack the rest when it is silent. All must be counted."""
    horizon = partition.paywall_gone_before
    if isinstance(viewer.paywall, bytes):
        if viewer.paywall_to < horizon:
            viewer.paywall, viewer.paywall_to = None, 0
        return
    if (
        viewer.paywall is None
        or viewer.paywall.last_at >= partition.watermark - partition.rules.sitting_gap_ms
    ):
        return
    paywall = viewer.paywall
    forget_gone(partition, paywall)
    empty = not (paywall.impressions or paywall.unlocks or paywall.orders or paywall.ads)
    viewer.paywall = None if empty else _ENCODER.encode(paywall)
    viewer.paywall_to = 0 if empty else paywall.last_at


def sweep(partition: Partition, viewer_ids: list[str]) -> None:
    """Pack what is silent and drop what is gone of some viewers. Everything must have been counted."""
    viewers = partition.viewers
    for viewer_id in viewer_ids:
        viewer = viewers[viewer_id]
        freeze_plays(partition, viewer)
        freeze_paywall(partition, viewer)
        if viewer.days and viewer.days[-1].end_at < partition.days_gone_before:
            viewer.days = tuple(d for d in viewer.days if d.end_at >= partition.days_gone_before)
        if not (viewer.plays or viewer.cold or viewer.days or viewer.paywall):
            del viewers[viewer_id]


def _split(found: list[Play], ended_before: int, gap_ms: int) -> tuple[list[_Group], list[_Group]]:
    """Group plays by sitting; return the groups that ended at or after a time, and those before it."""
    groups: list[_Group] = [[play] for play in found if not play.counts]
    by_series: dict[str, list[Play]] = {}
    for play in found:
        if play.counts:
            assert play.place is not None
            by_series.setdefault(play.place.series_id, []).append(play)
    for together in by_series.values():
        together.sort(key=lambda play: (play.started_at, play.event_id, play.playback_id))
        groups += sittings.cluster(together, gap_ms)
    kept: list[_Group] = []
    over: list[_Group] = []
    for group in groups:
        ended = max(play.last_at for play in group) < ended_before
        (over if ended else kept).append(group)
    return kept, over


def _forget(viewer: Viewer, kept: list[_Group], left: list[_Group]) -> None:
    """Keep some groups of hot plays with their sittings, and no others."""
    if left:
        viewer.plays = _flat(kept)
        dropped = {(g[0].place.series_id, g[0].started_at) for g in left if g[0].counts}  # type: ignore[union-attr]
        viewer.sittings = tuple(s for s in viewer.sittings if (s.series_id, s.start_at) not in dropped)


def _flat(groups: list[_Group]) -> tuple[Play, ...]:
    return tuple(play for group in groups for play in group)
