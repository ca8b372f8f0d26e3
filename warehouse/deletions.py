"""Who asked to be forgotten, what the warehouse still holds of them, and how it is deleted. It owns IO."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from runtime.settings import ClickHouseSettings
from schemas.tables import CHECKPOINTS, COMPLETED_DELETIONS, QUARANTINE
from warehouse.client import QUERIES, Connection
from warehouse.writer import Writer

ALL: Final = (QUERIES / "viewer_deletions.sql").read_text()
HELD: Final = (QUERIES / "held_checkpoints.sql").read_text()
PAGE: Final = (QUERIES / "quarantine_page.sql").read_text()
LINES_A_PAGE: Final = 500
LINES_A_DELETE: Final = 1_000
SYNCHRONOUS: Final = "SETTINGS mutations_sync = 2"
"""Return when every replica has rewritten its parts; old ones leave the disk `old_parts_lifetime` later."""


class LinePlace(NamedTuple):
    """Where a line stands in the log."""

    source_epoch: int
    partition: int
    offset: int
    line_index: int


class ViewerDeletion(NamedTuple):
    """A request to be forgotten whose viewer's state was dropped. Times in ms; not complete: 0."""

    source_epoch: int
    partition: int
    offset: int
    line_index: int
    viewer_id: str
    requested_at_ms: int
    message_at_ms: int
    dropped_at_ms: int
    completed_at_ms: int

    @property
    def place(self) -> LinePlace:
        """Where the request stands."""
        return LinePlace(*self[:4])


class StoredLine(NamedTuple):
    """A line of the quarantine, as it is stored, and where it stood."""

    place: LinePlace
    message_at_ms: int
    detected_at_ms: int
    line: bytes


class CheckpointName(NamedTuple):
    """Which checkpoint of a partition; the greatest is the newest."""

    logic_epoch: int
    next_offset: int


class Deletions:
    """The requests, and what they have to do with. Blocking.

    A crash at any moment leaves things deleted or not; the same call again does the rest.
    """

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._connection = Connection(settings)
        self._lines = Connection(settings, strings_as_bytes=True)
        self._writer = Writer(settings)

    def all(self) -> list[ViewerDeletion]:
        """Return every request, the oldest first."""
        return [ViewerDeletion(*row) for row in self._connection.query(ALL)]

    def checkpoints(self, source_epoch: int, partition: int) -> list[CheckpointName]:
        """Return the checkpoints of a partition of the log, the newest first."""
        where: dict[str, int | str] = {"source_epoch": source_epoch, "partition": partition}
        return [CheckpointName(*row) for row in self._connection.query(HELD, where)]

    def newest_that_verifies(self, source_epoch: int, partition: int) -> CheckpointName | None:
        """Return the newest checkpoint whose state is the one that was hashed. It reads that state."""
        for logic_epoch in sorted({c.logic_epoch for c in self.checkpoints(source_epoch, partition)})[::-1]:
            for checkpoint in self._writer.newest_checkpoints(source_epoch, partition, logic_epoch):
                if checkpoint.verifies:
                    return CheckpointName(logic_epoch, checkpoint.next_offset)
        return None

    def delete_checkpoints(self, source_epoch: int, partition: int, found: Sequence[CheckpointName]) -> None:
        """Delete these checkpoints of a partition; returns when their parts are rewritten."""
        if found:
            names = ", ".join(f"({name.logic_epoch}, {name.next_offset})" for name in found)
            self._connection.query(
                f"ALTER TABLE {CHECKPOINTS} DELETE WHERE source_epoch = {source_epoch} "
                f"AND partition = {partition} AND (logic_epoch, next_offset) IN ({names}) {SYNCHRONOUS}"
            )

    def quarantined(self) -> Iterator[StoredLine]:
        """Yield every line that was set aside, in the order of the log, a page at a time."""
        after = LinePlace(0, 0, 0, -1)
        while True:
            rows = self._lines.query(PAGE, {**after._asdict(), "limit": LINES_A_PAGE})
            for *place, message_at_ms, detected_at_ms, line in rows:
                after = LinePlace(*place)
                yield StoredLine(after, message_at_ms, detected_at_ms, line)
            if len(rows) < LINES_A_PAGE:
                return

    def delete_lines(self, found: Sequence[LinePlace]) -> None:
        """Delete these lines of the quarantine; returns when their parts are rewritten."""
        for at in range(0, len(found), LINES_A_DELETE):
            places = ", ".join(str(tuple(place)) for place in found[at : at + LINES_A_DELETE])
            self._connection.query(
                f"ALTER TABLE {QUARANTINE} DELETE WHERE (source_epoch, partition, offset, line_index) "
                f"IN ({places}) {SYNCHRONOUS}"
            )

    def complete(self, found: Sequence[ViewerDeletion], now_ms: int) -> None:
        """Write down that nothing is left of these but counts."""
        if found:
            columns = [list(column) for column in zip(*(each.place for each in found), strict=True)]
            names = (*LinePlace._fields, "completed_at")
            self._connection.insert(COMPLETED_DELETIONS, names, [*columns, [now_ms] * len(found)])

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()
        self._lines.close()
        self._writer.close()
