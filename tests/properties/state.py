"""All that a partition remembers, as values that can be compared."""

from typing import Any

import msgspec

from streams.partition import Partition
from streams.state import Play


def everything(partition: Partition) -> dict[str, Any]:
    """What is known and what is credited. The order in which things are kept says nothing."""
    return {
        "next_offset": partition.next_offset,
        "watermark": partition.watermark,
        "tally": msgspec.to_builtins(partition.tally),
        "viewers": {key: _plain(viewer) for key, viewer in partition.viewers.items()},
        "rows": {
            (name, row.key, row.generation): (row.values, row.bins)
            for name, row in partition.book.open_rows()
            if any(row.values) or any(row.bins)
        },
    }


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {
            name: _plain(getattr(value, name))
            for name in value.__struct_fields__
            if not (isinstance(value, Play) and name == "rows")  # found again when it is needed
        }
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        return sorted((_plain(item) for item in value), key=repr)
    return value
