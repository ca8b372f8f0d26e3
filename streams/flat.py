"""Rows and viewers as flat lists of plain values, and back: what a checkpoint holds. Pure.

Everything has been counted by then. So credits are not kept: a play is credited with what it is worth, and
sittings are what the plays make.
"""

from typing import Any, Final

from streams import shared
from streams.cold import restore_plays
from streams.days import credit
from streams.ids import pack, unpack
from streams.packed_plays import flat_plays, plays_from
from streams.partition import Partition
from streams.paywall_state import Paywall, pack_paywall
from streams.rows import Row
from streams.state import Day, DayDimensions, Viewer, days_of, keep_days, plays_of

_VIEWER_WIDTH: Final = 8
_DAY_WIDTH: Final = 10
_ROW_WIDTH: Final = 5
_DELETED_WIDTH: Final = 2


def flat_rows(rows: list[tuple[str, Row]]) -> list[Any]:
    """Return rows with the names of their tables, one after the other."""
    fields: list[Any] = []
    for name, row in rows:
        fields.append(name)
        fields.append(row.key)
        fields.append(row.generation)
        fields.append(row.values)
        fields.append(row.bins)
    return fields


def rows_from(fields: list[Any]) -> list[tuple[str, Row]]:
    """Return the rows that `flat_rows` made flat."""
    return [
        (fields[at], Row(tuple(fields[at + 1]), fields[at + 2], fields[at + 3], tuple(fields[at + 4])))
        for at in range(0, len(fields), _ROW_WIDTH)
    ]


def flat_viewers(viewers: list[tuple[str, Viewer]]) -> list[Any]:
    """Return viewers with their ids, one after the other."""
    fields: list[Any] = []
    for viewer_id, viewer in viewers:
        paywall = viewer.paywall
        packed_paywall, paywall_to = None, viewer.paywall_to
        if isinstance(paywall, Paywall):
            packed_paywall, paywall_to = pack_paywall(paywall), paywall.last_at
        elif paywall is not None:
            packed_paywall = paywall
        fields.append(pack(viewer_id))
        fields.append(flat_plays(plays_of(viewer)))
        fields.append(viewer.cold)
        fields.append(viewer.cold_to)
        fields.append(viewer.latest_at)
        fields.append(_flat_days(viewer))
        fields.append(packed_paywall)
        fields.append(paywall_to)
    return fields


def viewers_from(fields: list[Any], partition: Partition) -> None:
    """Add the viewers that `flat_viewers` made flat to a partition."""
    for at in range(0, len(fields), _VIEWER_WIDTH):
        viewer = Viewer()
        viewer_id = unpack(fields[at])
        restore_plays(partition, viewer, plays_from(fields[at + 1], partition))
        viewer.cold = fields[at + 2]
        viewer.cold_to = fields[at + 3]
        viewer.latest_at = fields[at + 4]
        keep_days(viewer, _days_from(fields[at + 5]))
        if viewer.day is not None:
            viewer.today_from, viewer.today_until = viewer.day.first_at, viewer.day.end_at
        viewer.paywall = fields[at + 6]
        viewer.paywall_to = fields[at + 7]
        partition.viewers[viewer_id] = viewer


def flat_deleted(pairs: list[tuple[str, int]]) -> list[Any]:
    """Return forgotten viewers with the event times of their requests, one after the other."""
    fields: list[Any] = []
    for viewer_id, at in pairs:
        fields.append(pack(viewer_id))
        fields.append(at)
    return fields


def deleted_from(fields: list[Any]) -> dict[str, int]:
    """Return what `flat_deleted` made flat."""
    return {unpack(fields[at]): fields[at + 1] for at in range(0, len(fields), _DELETED_WIDTH)}


def _flat_days(viewer: Viewer) -> list[Any]:
    fields: list[Any] = []
    for day in days_of(viewer):
        fields.append(day.first_at)
        fields.append(day.event_high)
        fields.append(day.event_low)
        fields.append(day.dimensions)
        fields.append(day.watched)
        fields.append(day.met_paywall)
        fields.append(day.started_checkout)
        fields.append(day.unlocked)
        fields.append(day.paid)
        fields.append(day.played_after_unlock)
    return fields


def _days_from(fields: list[Any]) -> list[Day]:
    found: list[Day] = []
    for at in range(0, len(fields), _DAY_WIDTH):
        where = shared.dimensions(DayDimensions(*fields[at + 3]))
        day = Day(fields[at], fields[at + 1], fields[at + 2], where)
        day.watched = fields[at + 4]
        day.met_paywall = fields[at + 5]
        day.started_checkout = fields[at + 6]
        day.unlocked = fields[at + 7]
        day.paid = fields[at + 8]
        day.played_after_unlock = fields[at + 9]
        credit(day)
        found.append(day)
    return found
