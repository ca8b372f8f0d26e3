"""The model with a new logic epoch in mid-stream: other rules, old workers that go on, a begin that fails."""

from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

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
from warehouse.epochs import Epoch, EpochKind, is_shown

CHANGES = (
    {"valid_play_ms": 40_000},
    {"valid_play_ms": 40_000},
    {"valid_play_ms": 40_000, "generation_ms": 3 * MINUTE},
    {"sitting_gap_ms": 5 * MINUTE},
    {"generation_ms": 7 * MINUTE},
    {"valid_play_ms": 1, "sitting_gap_ms": 20 * MINUTE, "generation_ms": MINUTE},
)


class Version(NamedTuple):
    """A version of the code: its logic epoch, its rules, how it takes over."""

    number: int
    rules: FoldRules
    kind: EpochKind


class NewEpoch(Model):
    """One step more: another epoch begins, or its begin is finished; from then on old and new workers load.

    Where nothing is forgotten, a third may take over from the second, once that is shown, and so on.

    Attributes:
        versions: all that ever tried to begin, by number.
        begun: the numbers of those whose workers may start, in their order.
        coming: the number of the one whose begin is not finished.
        rolling: whether workers of older versions still start beside the newest.
        noted: what was noted at the last backup.
    """

    steps = (*Model.steps, *["begin_epoch"] * 6)
    border = 0.8

    def __init__(self, rng: Random, log: Log, ways: Ways | None = None) -> None:
        self.versions: dict[int, Version] = {}
        self.begun: list[int] = []
        self.coming: int | None = None
        self.rolling = True
        self.noted: dict[tuple[int, int, int], Epoch] = {}
        super().__init__(rng, log, ways)

    def begin_epoch(self) -> None:
        """Somebody calls `cliffhanger epoch new`. It may fail anywhere; then it is called again some time."""
        if not self.warehouse.checkpoints or (self.coming is None and not self._may_begin()):
            return
        if self.coming is None:
            self.coming = 2 + len(self.versions)
            kind = self.rng.choice((EpochKind.CONTINUED, EpochKind.CONTINUED, EpochKind.RECOUNTED))
            rules = replace(self.log.rules, **self.rng.choice(CHANGES))
            self.versions[self.coming] = Version(self.coming, rules, kind)
        number, rules, kind = self.versions[self.coming]
        settings = WorkerSettings(logic_epoch=number)
        warehouse: Any = self.warehouse
        try:
            plan = epochs.plan(warehouse, settings, rules, kind, self.log)
            epochs.begin(warehouse, settings, rules, SystemClock(), plan)
        except WarehouseAwayError:
            return
        self.begun.append(self.coming)
        self.coming = None

    def backup_taken(self) -> None:
        self.noted = dict(self.warehouse.epochs)
        super().backup_taken()

    def backup_restored(self) -> None:
        """What is noted goes back too, and the last of it may not have been finished then."""
        self.warehouse.epochs = dict(self.noted)
        there = sorted({number for _, number, _ in self.noted} - {1})
        self.begun, self.coming = there[:-1], there[-1] if there else None
        super().backup_restored()

    def check(self) -> None:
        if self.rng.random() < 0.7:
            self.begin_epoch()
        while self.coming is not None and self.warehouse.checkpoints:
            self.begin_epoch()
        self.rolling = False
        super().check()

    def truth(self) -> Tables:
        if not self.begun:
            return self.log.truth
        newest = self.versions[self.begun[-1]]
        if self.log.rules is not IMPATIENT:
            return self.log.truth_under(newest.rules)
        noted = self.warehouse.noted_epochs(1)
        return straight(self.log, newest.rules, [e for e in noted if e.logic_epoch == newest.number])

    def _may_begin(self) -> bool:
        """Whether nothing has begun yet, or the last is shown and the next has an oracle."""
        if not self.begun:
            return True
        noted, last = self.warehouse.noted_epochs(1), self.begun[-1]
        shown = all(is_shown(noted, last, number) for number in range(len(self.log.partitions)))
        return shown and self.log.rules is not IMPATIENT

    def _worker(self, skew_ms: int) -> Worker:
        number = self.begun[-1] if self.begun else 1
        if self.rolling and self.rng.random() < 0.4:
            number = self.rng.choice([1, *self.begun])
        if number == 1:
            return super()._worker(skew_ms)
        settings = WorkerSettings(logic_epoch=number)
        return Stubborn(self.log, self.warehouse, self.ways, skew_ms, settings, self.versions[number].rules)


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
