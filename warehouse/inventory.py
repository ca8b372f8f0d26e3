"""The checkpoints that are stored, for whoever looks after them. It owns IO."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final, NamedTuple

from runtime.settings import ClickHouseSettings
from schemas.tables import CHECKPOINTS
from warehouse.checkpoints import Checkpoint
from warehouse.client import QUERIES, Connection
from warehouse.writer import LOAD, checkpoint_of

STORED: Final = (QUERIES / "stored_checkpoints.sql").read_text()


class Stored(NamedTuple):
    """What a stored checkpoint says of itself. Times in ms since the epoch, `size` in bytes."""

    partition: int
    logic_epoch: int
    next_offset: int
    generation: int
    watermark_ms: int
    viewers: int
    size: int
    received: int
    unaccounted: int
    state_format: int
    worker: str
    written_at_ms: int


class Inventory:
    """The checkpoints of one log. Reads only; raises what a `Connection` raises."""

    def __init__(self, settings: ClickHouseSettings, source_epoch: int, *, suffix: str = "") -> None:
        """`suffix` ends the name of the table that is read: of checkpoints beside the true ones."""
        self._source_epoch = source_epoch
        self._table = f"FROM {CHECKPOINTS}{suffix}\n"
        self._connection = Connection(settings)
        self._states = Connection(settings, strings_as_bytes=True)

    def stored(self) -> list[Stored]:
        """Return all checkpoints by partition and logic epoch, the newest of each first."""
        found = self._connection.query(self._of(STORED), {"source_epoch": self._source_epoch})
        return [Stored(*row) for row in found]

    def load(self, stored: Stored) -> Checkpoint | None:
        """Return a checkpoint with its state, or None when it has been dropped meanwhile."""
        which = {
            "source_epoch": self._source_epoch,
            "partition": stored.partition,
            "logic_epoch": stored.logic_epoch,
            "next_offset": stored.next_offset,
            "written_at_ms": stored.written_at_ms,
        }
        rows = self._states.query(self._of(LOAD), which)
        return checkpoint_of(rows[0]) if rows else None

    def _of(self, sql: str) -> str:
        return sql.replace(f"FROM {CHECKPOINTS}\n", self._table)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()
        self._states.close()


def newest(stored: Iterable[Stored], count: int) -> list[Stored]:
    """Return the newest so many of each partition and logic epoch, a retried write counted once."""
    found = []
    for _, group in groupby(stored, key=lambda s: (s.partition, s.logic_epoch)):
        offsets: dict[int, Stored] = {}
        for one in group:
            offsets.setdefault(one.next_offset, one)
        found += list(offsets.values())[:count]
    return found
