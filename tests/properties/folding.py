"""Fold messages and read the rows back as a reader of the views would."""

from collections.abc import Iterable
from typing import Any

from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES
from streams.cold import sweep
from streams.count import count_all, count_days, count_minutes, count_paywall, count_playback
from streams.fold import Reject, apply
from streams.partition import Partition
from tests.properties.worlds import Message

Tables = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


class Folding:
    """A partition, and what a warehouse holds of it: for each row of a generation its newest version."""

    def __init__(self, rules: FoldRules) -> None:
        self.partition = Partition(rules)
        self.written: dict[tuple[str, Any, int], tuple[int, list[int], list[dict[int, int]]]] = {}
        self.rejects: list[tuple[int, Reject]] = []

    def take(self, message: Message) -> list[Reject]:
        """Fold one message at the next offset. What is received is accounted for, after every message."""
        offset = self.partition.next_offset
        rejects = apply(self.partition, offset, message.timestamp_ms, message.payload)
        assert self.partition.tally.missing == 0
        self.rejects += [(offset, reject) for reject in rejects]
        return rejects

    def count(self, what: str = "all") -> None:
        """Count some of what was touched."""
        {
            "all": count_all, "minutes": count_minutes, "playback": count_playback, "paywall": count_paywall,
            "days": count_days,
        }[what](self.partition)  # fmt: skip

    def write(self) -> None:
        """Write the rows that changed, at the version of this prefix."""
        for name, rows in self.partition.book.tables.items():
            for row in rows.take_dirty():
                self.written[name, row.key, row.generation] = (
                    self.partition.next_offset,
                    list(row.values),
                    [dict(bins) for bins in row.bins],
                )

    def sweep(self) -> None:
        """Pack and drop whatever can be."""
        count_all(self.partition)
        sweep(self.partition, list(self.partition.viewers))

    def finish(self) -> "Folding":
        """Count and write everything."""
        self.count()
        self.write()
        return self

    def generations(self) -> dict[tuple[str, Any, int], Any]:
        """The rows written, generation by generation, without those that are all zero."""
        return {
            key: (values, bins) for key, (_, values, bins) in self.written.items() if any(values) or any(bins)
        }


def fold(messages: Iterable[Message], rules: FoldRules) -> Folding:
    """Fold messages without a pause; count and write at the end."""
    folding = Folding(rules)
    for message in messages:
        folding.take(message)
    return folding.finish()


def view(*foldings: Folding) -> Tables:
    """What the views show: generations and partitions added up. Rows and bins of zero are left out."""
    found: Tables = {table.name: {} for table in COUNTER_TABLES}
    for folding in foldings:
        for (name, key, _), (_, values, bins) in folding.written.items():
            table = folding.partition.book.tables[name].table
            row = found[name].setdefault(key, {})
            for counter, value in zip(table.counters, values, strict=True):
                row[counter] = row.get(counter, 0) + value
            for histogram, counts in zip(table.histograms, bins, strict=True):
                total = row.setdefault(histogram, {})
                for bin_no, count in counts.items():
                    total[bin_no] = total.get(bin_no, 0) + count
    return {table: _without_zeros(rows) for table, rows in found.items()}


def _without_zeros(rows: dict[tuple[Any, ...], dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    for row in rows.values():
        for name, value in row.items():
            if isinstance(value, dict):
                row[name] = {bin_no: count for bin_no, count in value.items() if count}
    return {key: row for key, row in rows.items() if any(row.values())}
