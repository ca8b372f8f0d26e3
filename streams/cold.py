"""Keep what has been silent for a while as bytes, and bring it back when something late arrives. Pure.

Packing changes no number: it happens after a count, so what comes back is worth what it is credited with.
"""

from mypy_extensions import i64

from streams import shared, sittings
from streams.ids import exact
from streams.packed_plays import pack_plays, unpack_plays
from streams.partition import Partition
from streams.paywall_state import Paywall, pack_paywall, unpack_paywall
from streams.state import (
    Play,
    Sitting,
    Viewer,
    days_of,
    keep_days,
    keep_plays,
    keep_sittings,
    plays_of,
    sittings_of,
)

_Group = list[Play]  # the plays of a sitting, or a single play that is in none


def thaw_plays(partition: Partition, viewer: Viewer) -> None:
    """Make the cold plays of a viewer hot; those of sittings that are gone stay behind for good."""
    if not viewer.cold:
        return
    cold = unpack_plays(viewer.cold, partition)
    viewer.cold, viewer.cold_to = b"", 0
    kept, _ = _split(cold, partition.plays_gone_before, partition.sitting_gap_ms)
    keep_plays(viewer, plays_of(viewer) + _flat(kept))
    keep_sittings(viewer, sittings_of(viewer) + _measure(kept))


def restore_plays(partition: Partition, viewer: Viewer, hot: list[Play]) -> None:
    """Let these, all of them counted, be the hot plays of a viewer that has none."""
    keep_plays(viewer, hot)
    if len(hot) > 1:
        keep_sittings(viewer, _measure(_split(hot, 0, partition.sitting_gap_ms)[0]))
    elif hot and hot[0].counts:
        viewer.sitting = sittings.measure(hot)


def freeze_plays(partition: Partition, viewer: Viewer) -> None:
    """Pack the plays of sittings that are over, and drop those that are gone. All must be counted."""
    silent_before = partition.watermark - partition.sitting_gap_ms
    hot_is_live = viewer.more_plays is None and (viewer.play is None or viewer.play.last_at >= silent_before)
    if hot_is_live and (not viewer.cold or viewer.cold_to >= partition.plays_gone_before):
        return  # as it is for most viewers
    gap = partition.sitting_gap_ms
    hot, over = _split(plays_of(viewer), silent_before, gap)
    if not over and viewer.cold_to >= partition.plays_gone_before:
        return
    cold = [*unpack_plays(viewer.cold, partition), *_flat(over)]
    packed = _flat(_split(cold, partition.plays_gone_before, gap)[0])
    viewer.cold = pack_plays(packed) if packed else b""
    viewer.cold_to = max([play.last_at for play in packed]) if packed else 0
    _forget(viewer, hot, over)


def drop_gone(partition: Partition, viewer: Viewer) -> None:
    """Forget the hot plays whose sittings are gone. All must be counted."""
    kept, gone = _split(plays_of(viewer), partition.plays_gone_before, partition.sitting_gap_ms)
    _forget(viewer, kept, gone)


def live_paywall(partition: Partition, viewer: Viewer) -> Paywall:
    """Return a viewer's paywall, unpacked, opened if there is none."""
    paywall = viewer.paywall
    if isinstance(paywall, Paywall):
        return paywall
    if paywall is None:
        live = Paywall(first_at=partition.watermark)
    else:
        live = unpack_paywall(paywall)
        viewer.paywall_to = 0
        _share_gates(live)
    viewer.paywall = live
    return live


def forget_gone(partition: Partition, paywall: Paywall) -> None:
    """Drop what is gone from a paywall, so that nothing counts it in, in memory or not.

    What was paid for an impression stays as long as the impression: it may be dated long before.
    """
    horizon = partition.paywall_gone_before
    if paywall.first_at >= horizon:
        return
    shown = {k: i for k, i in paywall.impressions.items() if i.shown_at >= horizon}
    paywall.impressions = shown
    paywall.unlocks = {k: u for k, u in paywall.unlocks.items() if u.at >= horizon}
    orders, ads = paywall.orders.items(), paywall.ads.items()
    paywall.orders = {k: o for k, o in orders if o.last_at >= horizon or o.impression_id in shown}
    paywall.ads = {k: a for k, a in ads if a.at >= horizon or a.impression_id in shown}
    kept = (
        *(i.shown_at for i in paywall.impressions.values()),
        *(u.at for u in paywall.unlocks.values()),
        *(o.last_at for o in paywall.orders.values()),
        *(a.at for a in paywall.ads.values()),
    )
    paywall.first_at = min(kept, default=partition.watermark)


def _share_gates(paywall: Paywall) -> None:
    for impression in paywall.impressions.values():
        if impression.gate is not None:
            impression.gate = shared.gate(impression.gate)


def freeze_paywall(partition: Partition, viewer: Viewer) -> None:
    """Drop what is gone from a viewer's paywall, and pack the rest when it is silent. All must be counted."""
    horizon = partition.paywall_gone_before
    if isinstance(viewer.paywall, bytes):
        if viewer.paywall_to < horizon:
            viewer.paywall, viewer.paywall_to = None, 0
        return
    if viewer.paywall is None or viewer.paywall.last_at >= partition.watermark - partition.sitting_gap_ms:
        return
    paywall = viewer.paywall
    forget_gone(partition, paywall)
    empty = not (paywall.impressions or paywall.unlocks or paywall.orders or paywall.ads)
    viewer.paywall = None if empty else exact(pack_paywall(paywall))
    viewer.paywall_to = 0 if empty else paywall.last_at


def sweep(partition: Partition, viewer_ids: list[str]) -> None:
    """Pack what is silent and drop what is gone of some viewers. Everything must have been counted."""
    viewers, generation = partition.viewers, partition.book.generation
    for viewer_id in viewer_ids:
        viewer = viewers[viewer_id]
        _let_go_of_rows(viewer, generation)
        freeze_plays(partition, viewer)
        freeze_paywall(partition, viewer)
        _drop_days(partition, viewer)
        if viewer.play is None and not viewer.cold and viewer.day is None and not viewer.paywall:
            del viewers[viewer_id]


def _let_go_of_rows(viewer: Viewer, generation: i64) -> None:
    """Forget where plays count that were last counted in an older generation: its rows are final."""
    if viewer.more_plays is not None:
        for other in viewer.more_plays:
            _let_go(other, generation)
    if viewer.play is not None:
        _let_go(viewer.play, generation)


def _let_go(play: Play, generation: i64) -> None:
    row = play.episode_row
    if row is not None and row.generation != generation:
        play.episode_row, play.curve_row = None, None


def _drop_days(partition: Partition, viewer: Viewer) -> None:
    if viewer.day is None or (viewer.more_days is None and viewer.day.end_at >= partition.days_gone_before):
        return
    kept = [day for day in days_of(viewer) if day.end_at >= partition.days_gone_before]
    keep_days(viewer, kept)
    if not kept:
        viewer.today_from, viewer.today_until = 0, 0


def _split(found: list[Play], ended_before: int, gap_ms: int) -> tuple[list[_Group], list[_Group]]:
    """Group plays by sitting; return the groups that ended at or after a time, and those before it."""
    groups: list[_Group] = [[play] for play in found if not play.counts]
    by_series: dict[str, list[Play]] = {}
    for play in found:
        if play.counts:
            assert play.place is not None
            by_series.setdefault(play.place.series_id, []).append(play)
    for together in by_series.values():
        sittings.put_in_order(together)
        groups += sittings.cluster(together, gap_ms)
    kept: list[_Group] = []
    over: list[_Group] = []
    for group in groups:
        ended = max([play.last_at for play in group]) < ended_before
        (over if ended else kept).append(group)
    return kept, over


def _measure(groups: list[_Group]) -> list[Sitting]:
    return [sittings.measure(group) for group in groups if group[0].counts]


def _forget(viewer: Viewer, kept: list[_Group], left: list[_Group]) -> None:
    """Keep some groups of hot plays with their sittings, and no others."""
    if left:
        keep_plays(viewer, _flat(kept))
        dropped = {(g[0].place.series_id, g[0].started_at) for g in left if g[0].place and g[0].counts}
        known = sittings_of(viewer)
        keep_sittings(viewer, [s for s in known if (s.place.series_id, s.start_at) not in dropped])


def _flat(groups: list[_Group]) -> list[Play]:
    return [play for group in groups for play in group]
