"""Workers that do one thing wrong. Each is a belief that somebody could hold; the model must not.

`PEACEFUL` are those that are right as long as nothing fails: an ordinary test would let them pass.
"""

from dataclasses import dataclass, field
from typing import Any

from schemas.tables import VERSION_BITS
from streams import days, fold, merge_paywall, merge_plays, sittings
from streams.owned import Owned
from streams.partition import Partition
from streams.sink import Flush, Sink
from tests.model.model import Model
from tests.model.warehouse import VERSION_AT
from tests.model.worker import Rows, Ways


class AcknowledgesFirst(Ways):
    """Acknowledge before the rows."""

    acknowledges_first = True


class TrustsTheCommit(Ways):
    """Go on where the group committed, whatever the state says, and take what comes."""

    trusts_the_commit = True

    def accepts(self, owned: Owned, offset: int) -> bool:
        return offset >= owned.state.next_offset


class CheckpointsFirst(Ways):
    """Write the checkpoint before the rows."""

    def write(self, sink: Sink, flush: Flush) -> None:
        if flush.checkpoint is not None:
            sink._writer.write_checkpoint(flush.checkpoint())
        sink._write(flush._replace(checkpoint=None))


class WritesIncrements(Ways):
    """Write what was added since the last time, for a table that adds up."""

    def loaded(self, state: Partition) -> Partition:
        state.told = {  # type: ignore[attr-defined]
            (name, row.key, row.generation): list(_as_cells(row.values, row.bins))
            for name, row in state.book.open_rows()
        }
        return state

    def rows(self, owned: Owned, taken: Rows, now_ms: int) -> Rows:
        told: dict[Any, list[Any]] = owned.state.told  # type: ignore[attr-defined]
        return [(table, [_less(told, table.name, row) for row in rows]) for table, rows in taken]


class VersionsByWallClock(Ways):
    """Let the row that was written last win."""

    def rows(self, owned: Owned, taken: Rows, now_ms: int) -> Rows:
        return _with(taken, 0, 1 << VERSION_BITS | now_ms)


class RaisesWatermarkByWallClock(Ways):
    """Let the worker's clock raise the watermark, as windows by processing time do."""

    def before_fold(self, owned: Owned, offset: int, now_ms: int) -> None:
        state = owned.state
        if now_ms > state.watermark:
            if now_ms >= state.slot_end:
                fold._enter_slot(state, offset, now_ms)
            state.watermark = now_ms


class DoesNotSkip(Ways):
    """Fold again what is in the state already."""

    def accepts(self, owned: Owned, offset: int) -> bool:
        return offset < owned.state.next_offset or owned.accepts(offset)


class DropsTheGeneration(Ways):
    """Name a row by its window and dimensions alone."""

    def rows(self, owned: Owned, taken: Rows, now_ms: int) -> Rows:
        return _with(taken, -1, 0)


class AddingUp(Model):
    """A warehouse whose readers add up whatever was written."""

    rows = staticmethod(lambda warehouse: iter(warehouse.journal))


class BacksUpRowsFirst(Model):
    """The rows are backed up before the checkpoints, while all goes on."""

    def backup_taken(self) -> None:
        rows = len(self.warehouse.journal)
        for _ in range(3):
            self.checkpoint()
        self.backup = (rows, len(self.warehouse.checkpoints))


class RestoresUnderLiveWorkers(Model):
    """The tables go back while workers, who know what they have written, go on."""

    def backup_restored(self) -> None:
        self.warehouse.restore(*self.backup)


@dataclass(frozen=True)
class Mutant:
    """What is wrong, what finds it, and in at most how many schedules.

    `patches` are functions of the project, replaced by others: (where, name, what instead).
    """

    finds: str
    within: int
    ways: Ways = field(default_factory=Ways)
    model: type[Model] = Model
    patches: tuple[tuple[Any, str, Any], ...] = ()


def nothing(*_: object) -> None:
    """Open no row: only what changes is written."""


OPENERS: dict[str, tuple[Any, str]] = {
    "merge_plays.open_rows_before": (merge_plays, "open_rows_before"),
    "merge_paywall.open_rows_before": (merge_paywall, "open_rows_before"),
    "sittings.open_row": (sittings, "open_row"),
    "days.open_row": (days, "open_row"),
}
"""Name of a function that has rows written whether or not they changed -> where to find it."""

MUTANTS = {
    "acknowledge before the rows": Mutant("acknowledged, not written", 1_000, AcknowledgesFirst()),
    "trust the commit": Mutant("view: wrong", 1_000, TrustsTheCommit()),
    "checkpoint before the rows": Mutant("view: wrong", 1_000, CheckpointsFirst()),
    "increments instead of full values": Mutant("view: wrong", 1_000, WritesIncrements(), AddingUp),
    "version by wall clock": Mutant("view: wrong", 1_000, VersionsByWallClock()),
    "watermark by wall clock": Mutant("view: wrong", 1_000, RaisesWatermarkByWallClock()),
    "no skipping below the checkpoint": Mutant("conservation", 1_000, DoesNotSkip()),
    "generation dropped": Mutant("view: wrong", 1_000, DropsTheGeneration()),
    "write only the rows that changed": Mutant(
        "view: wrong", 1_000, patches=tuple((*at, nothing) for at in OPENERS.values())
    ),
    "back up the rows before the checkpoints": Mutant("view: wrong", 1_000, model=BacksUpRowsFirst),
    "restore a backup under live workers": Mutant("view: wrong", 1_000, model=RestoresUnderLiveWorkers),
}
PEACEFUL = (
    "trust the commit",
    "checkpoint before the rows",
    "increments instead of full values",
    "no skipping below the checkpoint",
    "write only the rows that changed",
)


def _with(taken: Rows, column: int, value: int) -> Rows:
    """Rows with another value in a column, which is counted from the version."""
    return [
        (
            table,
            [(*row[: (at := VERSION_AT[table.name] + column)], value, *row[at + 1 :]) for row in rows],
        )
        for table, rows in taken
    ]


def _as_cells(values: Any, bins: Any) -> tuple[Any, ...]:
    return (*values, *(dict(each) for each in bins))


def _less(told: dict[Any, list[Any]], name: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row less what was told of it before."""
    at = VERSION_AT[name]
    key = (name, row[: at - 3], row[at - 1])
    cells = row[at + 1 :]
    before = told.get(key) or [{} if isinstance(cell, dict) else 0 for cell in cells]
    told[key] = list(cells)
    return (*row[: at + 1], *(_minus(cell, then) for cell, then in zip(cells, before, strict=True)))


def _minus(cell: Any, then: Any) -> Any:
    if isinstance(cell, dict):
        return {bin_no: cell.get(bin_no, 0) - then.get(bin_no, 0) for bin_no in cell.keys() | then.keys()}
    return cell - then
