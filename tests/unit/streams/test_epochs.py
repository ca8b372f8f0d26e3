"""What must hold before a logic epoch begins, and which worker may begin a partition."""

from dataclasses import replace

import pytest

from runtime.clock import SystemClock
from runtime.errors import CheckpointError, EpochError, WarehouseAwayError
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from schemas.tables import EPISODE_MINUTES
from streams.count import count_all
from streams.epochs import begin, plan
from streams.partition import Partition
from streams.sink import Flush, Sink
from tests.contracts.memory_warehouse import MemoryWarehouse
from tests.contracts.warehouse import a_row, an_epoch
from tests.model.test_found_here import fold, start
from tests.unit.streams.test_takeover import checkpoint_of
from warehouse.epochs import EpochKind

RULES = FoldRules()
NEW = WorkerSettings(logic_epoch=2)
CONTINUED, RECOUNTED = EpochKind.CONTINUED, EpochKind.RECOUNTED


class ALog:
    def __init__(self, **begins):
        self.at = {3: 0, **{int(name[1:]): offset for name, offset in begins.items()}}

    def begins(self):
        return self.at


def old_state(messages=1):
    state = Partition(RULES)
    for _ in range(messages):
        fold(state, start(0))
    count_all(state)
    return state


@pytest.fixture
def warehouse():
    """One partition, counted by epoch 1 up to offset 1."""
    warehouse = MemoryWarehouse()
    warehouse.write_checkpoint(checkpoint_of(old_state(), RULES, generation=0))
    return warehouse


def made(warehouse, kind=CONTINUED, log=None, settings=NEW):
    return plan(warehouse, settings, RULES, kind, log or ALog())


def began(warehouse, kind=CONTINUED):
    begin(warehouse, NEW, RULES, SystemClock(), made(warehouse, kind))


def load(warehouse, settings=NEW, partition=3):
    sink = Sink(warehouse, settings, SystemClock())
    return sink, sink._load(partition, RULES)


def test_an_epoch_that_goes_on_begins_at_the_generation_of_the_newest_state(warehouse):
    warehouse.write_checkpoint(checkpoint_of(old_state(2), RULES, generation=1))
    (step,) = made(warehouse).steps
    assert step.epoch == an_epoch(begins_at=1, from_offset=2, shown_from=2)
    assert [first.logic_epoch for first in made(warehouse).first] == [1]


def test_an_epoch_that_recounts_begins_at_0_and_is_shown_from_where_the_old_one_stood(warehouse):
    (step,) = made(warehouse, RECOUNTED).steps
    assert step.epoch == an_epoch(kind=RECOUNTED, begins_at=0, from_offset=0, shown_from=1)


def test_a_plan_writes_nothing(warehouse):
    made(warehouse)
    assert warehouse.noted_epochs(1) == []


def test_a_damaged_state_is_passed_over_and_none_that_verifies_is_an_error(warehouse):
    warehouse.write_checkpoint(replace(checkpoint_of(old_state(2), RULES), state=b"x"))
    (step,) = made(warehouse).steps
    assert step.epoch.from_offset == 1
    damaged = MemoryWarehouse()
    damaged.write_checkpoint(replace(checkpoint_of(old_state(), RULES), state=b"x"))
    with pytest.raises(CheckpointError, match="no checkpoint of partition 3 verifies"):
        made(damaged)


@pytest.mark.parametrize(
    ("number", "complaint"), [(1, "has counted this log already"), (0, "is older than 1")]
)
def test_only_a_higher_number_begins(warehouse, number, complaint):
    with pytest.raises(EpochError, match=complaint):
        made(warehouse, settings=WorkerSettings(logic_epoch=number))


def test_the_first_epoch_of_a_log_is_not_begun_by_hand():
    with pytest.raises(EpochError, match="begins by itself"):
        made(MemoryWarehouse())


def test_a_log_that_lost_its_beginning_is_not_recounted_but_gone_on_with(warehouse):
    with pytest.raises(EpochError, match="begins at 1: what came before cannot be counted again"):
        made(warehouse, RECOUNTED, ALog(p3=1))
    assert made(warehouse, CONTINUED, ALog(p3=1)).steps
    with pytest.raises(EpochError, match="partition 4 of the log begins at 9"):
        made(warehouse, CONTINUED, ALog(p4=9))


def test_no_epoch_begins_while_another_has_not_caught_up(warehouse):
    began(warehouse)
    with pytest.raises(EpochError, match="2 was begun and has not caught up"):
        made(warehouse, settings=WorkerSettings(logic_epoch=3))


def test_an_epoch_that_is_abandoned_is_passed_over_and_never_shown(warehouse):
    began(warehouse)
    late, state = load(warehouse)
    third = WorkerSettings(logic_epoch=3)
    planned = plan(warehouse, third, RULES, CONTINUED, ALog(), abandons=True)
    assert [(step.epoch.from_logic_epoch, step.epoch.from_offset) for step in planned.steps] == [(1, 1)]
    begin(warehouse, third, RULES, SystemClock(), planned)
    late._write(Flush(checkpoint=lambda: checkpoint_of(state, RULES, logic_epoch=2)))
    assert [(e.logic_epoch, e.reached) for e in warehouse.noted_epochs(1)] == [
        (1, True),
        (2, False),
        (3, False),
    ]


def test_an_epoch_that_is_shown_in_some_partitions_is_not_abandoned(warehouse):
    """Its generations there are the past that a third epoch would go on from, and it has the first one's."""
    began(warehouse)
    warehouse.note_epochs([an_epoch(2, 4, reached=True)])
    with pytest.raises(EpochError, match="while none of its partitions is shown"):
        plan(warehouse, WorkerSettings(logic_epoch=3), RULES, CONTINUED, ALog(), abandons=True)


def test_workers_find_a_checkpoint_of_the_epoch_and_reach_it_with_their_own(warehouse):
    began(warehouse)
    sink, state = load(warehouse)
    assert state.next_offset == 1
    assert [epoch.reached for epoch in warehouse.noted_epochs(1)] == [True, False]
    sink._write(Flush(checkpoint=lambda: checkpoint_of(state, RULES, logic_epoch=2)))
    assert [epoch.reached for epoch in warehouse.noted_epochs(1)] == [True, True]


def test_an_epoch_that_recounts_is_not_there_before_it_has_come_as_far(warehouse):
    began(warehouse, RECOUNTED)
    sink, state = load(warehouse)
    assert state is None
    for offset, reached in ((0, False), (1, True)):
        short = checkpoint_of(old_state(offset), RULES, logic_epoch=2)
        sink._write(Flush(checkpoint=lambda short=short: short))
        assert warehouse.noted_epochs(1)[-1].reached is reached


class Dying(MemoryWarehouse):
    """A warehouse whose caller dies right after one of its writes."""

    dies_after = -1

    def _acknowledge(self):
        super()._acknowledge()
        self.dies_after -= 1
        if self.dies_after == 0:
            raise WarehouseAwayError("the caller died")


@pytest.mark.parametrize("writes", range(1, 6))
def test_a_begin_that_dies_anywhere_is_finished_by_the_next(warehouse, writes):
    began(warehouse)
    died = Dying()
    died.write_checkpoint(checkpoint_of(old_state(), RULES, generation=0))
    died.dies_after = writes
    with pytest.raises(WarehouseAwayError):
        began(died)
    began(died)
    assert made(died).done
    assert load(died)[1].next_offset == 1
    assert died._rows == warehouse._rows
    assert died.noted_epochs(1) == warehouse.noted_epochs(1)


def test_a_worker_of_an_epoch_that_nobody_began_refuses(warehouse):
    with pytest.raises(EpochError, match="2 was not begun, and 1 has counted"):
        load(warehouse)


def test_a_worker_of_an_epoch_that_is_half_begun_refuses(warehouse):
    warehouse.note_epochs([an_epoch()])
    with pytest.raises(EpochError, match="partition 3 has no checkpoint of it"):
        load(warehouse)


def test_a_worker_of_the_one_epoch_begins_any_partition(warehouse):
    assert load(warehouse, WorkerSettings(), partition=4)[1] is None
    assert load(MemoryWarehouse())[1] is None


def test_what_another_has_begun_meanwhile_is_left_alone(warehouse):
    planned = made(warehouse)
    warehouse.note_epochs([an_epoch(from_offset=7, reached=True)])
    with pytest.raises(EpochError, match="begun by somebody else"):
        begin(warehouse, NEW, RULES, SystemClock(), planned)


@pytest.fixture
def without_checkpoints():
    """One partition, of which epoch 1 has left a row, and no checkpoint any longer."""
    warehouse = MemoryWarehouse()
    warehouse.write_rows(EPISODE_MINUTES, [a_row(EPISODE_MINUTES, partition=3, version=1 << 48 | 1)])
    return warehouse


def test_a_worker_of_another_epoch_refuses_where_only_rows_are_left(without_checkpoints):
    with pytest.raises(EpochError, match="logic_epoch 2 was not begun, and 1 has counted this log"):
        load(without_checkpoints)


@pytest.mark.parametrize("kind", [CONTINUED, RECOUNTED])
def test_an_epoch_takes_the_place_of_one_that_has_left_rows_only(without_checkpoints, kind):
    """A worker asked for it to be begun, and that said that it begins by itself."""
    began(without_checkpoints, kind)
    state = load(without_checkpoints)[1]
    assert state is None or state.next_offset == 0


def test_what_has_left_rows_only_is_not_taken_over_in_mid_log(without_checkpoints):
    with pytest.raises(EpochError, match="begins at 7: what came before cannot be counted again"):
        made(without_checkpoints, log=ALog(p3=7))
