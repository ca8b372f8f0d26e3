"""The model with a new logic epoch in mid-stream: other rules, old workers that go on, a begin that fails."""

from dataclasses import replace
from random import Random
from typing import Any

from runtime.clock import SystemClock
from runtime.errors import EpochError, WarehouseAwayError
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES
from streams import checkpoint as codec
from streams import epochs
from streams.count import count_all
from streams.owned import Owned
from streams.takeover import take_over
from tests.model.log import Log, fold_straight
from tests.model.model import Model
from tests.model.warehouse import Tables, Warehouse, view
from tests.model.worker import Ways, Worker
from tests.model.world import IMPATIENT, MINUTE
from warehouse.epochs import Epoch, EpochKind

CHANGES = (
    {"valid_play_ms": 40_000},
    {"valid_play_ms": 1},
    {"sitting_gap_ms": 5 * MINUTE},
    {"generation_ms": 7 * MINUTE},
    {"valid_play_ms": 1, "sitting_gap_ms": 20 * MINUTE, "generation_ms": MINUTE},
)


class NewEpoch(Model):
    """One step more: another epoch begins, or its begin is finished; from then on both sorts of workers load.

    Attributes:
        number: the logic epoch of the newest workers.
        kind: how they take over.
        rules: what they count by.
        begun: whether they may start.
        rolling: whether old workers still start beside them.
        noted: what was noted at the last backup.
    """

    steps = (*Model.steps, *["begin_epoch"] * 4)
    border = 0.7

    def __init__(self, rng: Random, log: Log, ways: Ways | None = None) -> None:
        self.number, self.begun, self.rolling = 1, False, True
        self.kind = rng.choice((EpochKind.CONTINUED, EpochKind.CONTINUED, EpochKind.RECOUNTED))
        self.rules: FoldRules = replace(log.rules, **rng.choice(CHANGES))
        self.noted: dict[tuple[int, int, int], Epoch] = {}
        super().__init__(rng, log, ways)

    def begin_epoch(self) -> None:
        """Somebody calls `cliffhanger epoch new`. It may fail anywhere; then it is called again some time."""
        if self.begun or not self.warehouse.checkpoints:
            return
        if not self._own():
            self.number += 1
        settings = WorkerSettings(logic_epoch=self.number)
        warehouse: Any = self.warehouse
        try:
            plan = epochs.plan(warehouse, settings, self.rules, self.kind, self.log)
            epochs.begin(warehouse, settings, self.rules, SystemClock(), plan)
        except WarehouseAwayError:
            return
        self.begun = True

    def backup_taken(self) -> None:
        self.noted = dict(self.warehouse.epochs)
        super().backup_taken()

    def backup_restored(self) -> None:
        """What is noted goes back too. An epoch that is not, and begins once more, takes another number."""
        self.warehouse.epochs = dict(self.noted)
        self.begun = False
        super().backup_restored()

    def check(self) -> None:
        if self.rng.random() < 0.7:
            self.begin_epoch()
        while self.number > 1 and not self.begun and self.warehouse.checkpoints:
            self.begin_epoch()
        self.rolling = False
        super().check()

    def truth(self) -> Tables:
        if not self.begun:
            return self.log.truth
        if self.log.rules is not IMPATIENT:
            return self.log.truth_under(self.rules)
        return straight(self.log, self.rules, self._own())

    def _own(self) -> list[Epoch]:
        return [epoch for epoch in self.warehouse.noted_epochs(1) if epoch.logic_epoch == self.number]

    def _worker(self, skew_ms: int) -> Worker:
        if not self.begun or (self.rolling and self.rng.random() < 0.4):
            return super()._worker(skew_ms)
        settings = WorkerSettings(logic_epoch=self.number)
        return Stubborn(self.log, self.warehouse, self.ways, skew_ms, settings, self.rules)


class Stubborn(Worker):
    """A worker that is started again when a reader that lags showed it no checkpoint to go on from."""

    def load(self, number: int, position: int | None) -> None:
        try:
            super().load(number, position)
        except EpochError:
            super().load(number, position)


def straight(log: Log, rules: FoldRules, noted: list[Epoch]) -> Tables:
    """What comes of a new epoch where something was forgotten: old folds to its begin, new ones from there.

    Of the old epoch count the generations before the begin; what its state still held counts anew.
    """
    warehouse = Warehouse()
    for epoch in noted:
        number, at = epoch.partition, epoch.from_offset
        messages = log.partitions[number]
        owned = fold_straight(number, messages[:at], log.rules)
        if at:
            for table, rows in owned.take_rows(COUNTER_TABLES, source_epoch=1, logic_epoch=1):
                generation = table.columns.index("generation")
                warehouse.write_rows(table, [row for row in rows if row[generation] < epoch.begins_at])
        state = codec.decode(codec.compress(list(codec.encode(owned.state))), log.rules)
        take_over(state, rules)
        owned = Owned(number, state, fresh=False, now_s=0.0)
        for offset in range(at, len(messages)):
            owned.fold(offset, *messages[offset])
        count_all(state)
        for table, rows in owned.take_rows(COUNTER_TABLES, source_epoch=1, logic_epoch=1):
            warehouse.write_rows(table, rows)
    return view(warehouse)
