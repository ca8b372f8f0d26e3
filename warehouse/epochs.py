"""Logic epochs that take the place of another: where each begins, and which of them count. It owns IO.

Rows of counters name the logic epoch that wrote them. While a database knows one epoch, `epochs` is empty
and all rows count. An epoch that takes the place of another is noted before it writes its first row, and
is shown once it has come as far as the one before it; the views then leave out what it replaces.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from warehouse.client import QUERIES, Connection

EPOCHS: Final = "epochs"
NOTED: Final = (QUERIES / "epochs.sql").read_text()
SYNC: Final = (QUERIES / "sync_epoch_ends.sql").read_text()
WITH_CHECKPOINTS: Final = (QUERIES / "epochs_with_checkpoints.sql").read_text()


class EpochKind(StrEnum):
    """How a logic epoch took its place."""

    FIRST = "first"
    """It was there before any other."""
    CONTINUED = "continued"
    """It goes on from the state of the epoch before it, and owns the generation that was open there."""
    RECOUNTED = "recounted"
    """It counts the log from its beginning."""


class Epoch(NamedTuple):
    """What is noted of a logic epoch in one partition; the columns of `epochs`, in their order.

    Attributes:
        begins_at: its first generation; from there on older epochs do not count.
        from_logic_epoch: the epoch whose place it takes; its own number when there is none.
        from_offset: `next_offset` of the state that it goes on from; 0 is the beginning of the log.
        shown_from: it counts once a worker has left a checkpoint at this offset or past it.
        reached: whether there is such a checkpoint.
    """

    source_epoch: int
    logic_epoch: int
    partition: int
    kind: EpochKind
    begins_at: int
    from_logic_epoch: int
    from_offset: int
    shown_from: int
    reached: bool


def read_epochs(connection: Connection, source_epoch: int) -> list[Epoch]:
    """Return what is noted of the epochs of a log, oldest first."""
    found = connection.query(NOTED, {"source_epoch": source_epoch})
    return [Epoch(*row)._replace(kind=EpochKind(row[3]), reached=bool(row[8])) for row in found]


def epochs_with_checkpoints(connection: Connection, source_epoch: int) -> set[int]:
    """Return the logic epochs of a log that have left checkpoints."""
    return {epoch for (epoch,) in connection.query(WITH_CHECKPOINTS, {"source_epoch": source_epoch})}


def note_epochs(connection: Connection, epochs: Iterable[Epoch]) -> None:
    """Note epochs, and let the views know. Noting the same again changes nothing.

    The rows are one INSERT: all of them are there or none. When it fails after them, `sync_epochs`
    makes up for the rest; every worker of a noted epoch calls it before it writes.
    """
    rows = list(epochs)
    if rows:
        columns = list(zip(*rows, strict=True))
        connection.insert(EPOCHS, Epoch._fields, [[*map(_plain, column)] for column in columns])
        sync_epochs(connection)


def sync_epochs(connection: Connection) -> None:
    """Let the views know what is noted. Repeating it, at any time and by anybody, changes nothing."""
    connection.query(SYNC)


def is_shown(epochs: Iterable[Epoch], logic_epoch: int, partition: int) -> bool:
    """Whether an epoch counts in a partition, as far as it is noted; one that nobody noted does."""
    of_epoch = [epoch for epoch in epochs if epoch.logic_epoch == logic_epoch]
    here = [epoch for epoch in of_epoch if epoch.partition == partition]
    if not here:
        return not of_epoch
    if here[0].kind is EpochKind.RECOUNTED:
        return all(epoch.reached for epoch in of_epoch)
    return here[0].reached


def _plain(value: int | str | bool) -> int | str:
    return str(value) if isinstance(value, EpochKind) else int(value)
