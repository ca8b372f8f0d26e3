"""Rows, viewers and who was forgotten as bytes, and back: what a checkpoint holds. Pure.

Everything has been counted by then. So credits are not kept: a play is credited with what it is worth, and
sittings are what the plays make.
"""

from typing import Any, Final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64

from streams import shared
from streams.binary import (
    Source,
    read_bytes,
    read_half,
    read_id,
    read_number,
    read_text,
    write_bytes,
    write_half,
    write_id,
    write_number,
    write_text,
)
from streams.cold import restore_plays
from streams.days import credit
from streams.packed_plays import read_plays, write_one_play, write_plays
from streams.partition import Partition
from streams.paywall_state import Paywall, pack_paywall
from streams.rows import Row
from streams.state import Day, DayDimensions, Viewer, days_of, keep_days, plays_of

_ROW_WIDTH: Final = 6


def flat_rows(rows: list[tuple[str, Row]]) -> list[Any]:
    """Return rows with the names of their tables, one after the other."""
    fields: list[Any] = []
    for name, row in rows:
        fields.append(name)
        fields.append(row.key)
        fields.append(row.generation)
        fields.append(row.values)
        fields.append(row.histograms)
        fields.append(row.counts)
    return fields


def rows_from(fields: list[Any]) -> list[tuple[str, Row]]:
    """Return the rows that `flat_rows` made flat."""
    found: list[tuple[str, Row]] = []
    for at in range(0, len(fields), _ROW_WIDTH):
        row = Row(tuple(fields[at + 1]), fields[at + 2], fields[at + 3], fields[at + 4])
        row.counts = fields[at + 5]
        found.append((fields[at], row))
    return found


def pack_viewers(viewers: list[tuple[str, Viewer]]) -> bytes:
    """Return viewers with their ids as bytes."""
    out = BytesWriter()
    told: dict[int, int] = {}  # by identity: to hash five texts takes longer than to write them
    for viewer_id, viewer in viewers:
        write_id(out, viewer_id)
        write_number(out, viewer.latest_at)
        if viewer.more_plays is None and viewer.play is not None:  # as it is for most viewers
            write_one_play(out, viewer.play)
        else:
            write_plays(out, plays_of(viewer))
        write_bytes(out, viewer.cold)
        write_number(out, viewer.cold_to)
        paywall = viewer.paywall
        if isinstance(paywall, Paywall):
            write_bytes(out, pack_paywall(paywall))
            write_number(out, paywall.last_at)
        else:
            write_bytes(out, b"" if paywall is None else paywall)
            write_number(out, viewer.paywall_to)
        _write_days(out, viewer, told)
    return out.getvalue()


def unpack_viewers(packed: bytes, partition: Partition) -> None:
    """Add the viewers that `pack_viewers` packed to a partition."""
    source = Source(packed)
    told: list[DayDimensions] = []
    while source.at < len(packed):
        viewer = Viewer()
        viewer_id = read_id(source)
        viewer.latest_at = read_number(source)
        restore_plays(partition, viewer, read_plays(source, partition))
        viewer.cold = read_bytes(source)
        viewer.cold_to = read_number(source)
        paywall = read_bytes(source)
        viewer.paywall = paywall if paywall else None
        viewer.paywall_to = read_number(source)
        keep_days(viewer, _read_days(source, told))
        if viewer.day is not None:
            viewer.today_from, viewer.today_until = viewer.day.first_at, viewer.day.end_at
        partition.viewers[viewer_id] = viewer


def pack_deleted(pairs: list[tuple[str, int]]) -> bytes:
    """Return forgotten viewers with the event times of their requests as bytes."""
    out = BytesWriter()
    for viewer_id, at in pairs:
        write_id(out, viewer_id)
        write_number(out, at)
    return out.getvalue()


def unpack_deleted(packed: bytes) -> dict[str, int]:
    """Return what `pack_deleted` packed."""
    source = Source(packed)
    found: dict[str, int] = {}
    while source.at < len(packed):
        viewer_id = read_id(source)
        found[viewer_id] = read_number(source)
    return found


def _write_days(out: BytesWriter, viewer: Viewer, told: dict[int, int]) -> None:
    """Write a viewer's days."""
    if viewer.more_days is None and viewer.day is not None:  # as it is for most viewers
        write_number(out, 1)
        _write_day(out, viewer.day, told)
        return
    days = days_of(viewer)
    write_number(out, len(days))
    for day in days:
        _write_day(out, day, told)


def _write_day(out: BytesWriter, day: Day, told: dict[int, int]) -> None:
    """Write a day. Dimensions, which are shared, are told where they come first, later by their number."""
    which = id(day.dimensions)
    number = told.get(which)
    if number is None:
        write_number(out, len(told))
        told[which] = len(told)
        for text in day.dimensions:
            write_text(out, text)
    else:
        write_number(out, number)
    write_number(out, day.first_at)
    write_half(out, day.event_high)
    write_half(out, day.event_low)
    write_number(out, i64(day.watched))
    write_number(out, i64(day.met_paywall))
    write_number(out, i64(day.started_checkout))
    write_number(out, i64(day.unlocked))
    write_number(out, i64(day.paid))
    write_number(out, i64(day.played_after_unlock))


def _read_days(source: Source, told: list[DayDimensions]) -> list[Day]:
    found: list[Day] = []
    for _ in range(read_number(source)):
        number = read_number(source)
        if number == len(told):
            told.append(_read_dimensions(source))
        first_at = read_number(source)
        high, low = read_half(source), read_half(source)
        day = Day(first_at, high, low, told[number])
        day.watched = i32(read_number(source))
        day.met_paywall = i32(read_number(source))
        day.started_checkout = i32(read_number(source))
        day.unlocked = i32(read_number(source))
        day.paid = i32(read_number(source))
        day.played_after_unlock = i32(read_number(source))
        credit(day)
        found.append(day)
    return found


def _read_dimensions(source: Source) -> DayDimensions:
    platform, country, tenure, payer_state = (
        read_text(source), read_text(source), read_text(source), read_text(source),
    )  # fmt: skip
    return shared.dimensions(DayDimensions(platform, country, tenure, payer_state))
