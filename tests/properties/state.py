"""All that a partition remembers, as values that can be compared."""

from typing import Any

import msgspec

from streams.partition import Partition
from streams.paywall_state import unpack_paywall
from streams.state import Day, Play, Sitting, Viewer, days_of, plays_of, sittings_of

FOUND_AGAIN = {"episode_row", "curve_row"}


def everything(partition: Partition) -> dict[str, Any]:
    """What is known and what is credited. The order in which things are kept says nothing."""
    return {
        "next_offset": partition.next_offset,
        "watermark": partition.watermark,
        "tally": msgspec.to_builtins(partition.tally),
        "deleted": partition.deleted,
        "viewers": {key: _viewer(viewer) for key, viewer in partition.viewers.items()},
        "rows": {
            (name, row.key, row.generation): (row.values, row.bins)
            for name, row in partition.book.open_rows()
            if any(row.values) or any(row.bins)
        },
    }


def _viewer(viewer: Viewer) -> dict[str, Any]:
    paywall = viewer.paywall
    if isinstance(paywall, bytes):
        paywall = unpack_paywall(paywall)
    return {
        "plays": sorted(map(_fields, plays_of(viewer)), key=repr),
        "sittings": sorted(map(_fields, sittings_of(viewer)), key=repr),
        "days": sorted(map(_fields, days_of(viewer)), key=repr),
        "paywall": msgspec.to_builtins(paywall, builtin_types=(bytes,)),
        **{
            name: getattr(viewer, name)
            for name in ("cold", "cold_to", "latest_at", "today_from", "today_until")
        },
    }


def _fields(value: Day | Play | Sitting) -> dict[str, Any]:
    """The fields of an object: no name of them is written down here, so none can be forgotten."""
    names = [name for name in dir(type(value)) if not name.startswith("_") and name not in FOUND_AGAIN]
    found = {name: getattr(value, name) for name in names if not callable(getattr(value, name))}
    if found.get("place") is not None:
        place = found["place"]
        found["place"] = {name: getattr(place, name) for name in dir(type(place)) if not name.startswith("_")}
    return found
