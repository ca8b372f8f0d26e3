"""Where a refold begins, and that it leaves the rows of a fold without a pause."""

from dataclasses import replace

import pytest

from runtime.clock import SystemClock
from runtime.errors import RetentionError, RulesMismatchError
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from streams import refold as refolding
from streams.log import Message
from streams.refold import Start, refold, start_at, state_of
from tests.contracts.memory_warehouse import MemoryWarehouse
from tests.contracts.warehouse import a_checkpoint, an_epoch
from tests.model.log import fold_straight
from tests.model.world import PATIENT, world
from warehouse.inventory import Stored

RULES = FoldRules()


class Shelf:
    """Stored checkpoints, newest first."""

    def __init__(self, *checkpoints):
        self.checkpoints = checkpoints

    def stored(self):
        return [
            Stored(c.partition, c.logic_epoch, c.next_offset, c.generation, 0, 0, 0, 0, 0, 1, "", 0)
            for c in self.checkpoints
        ]

    def load(self, stored):
        (found,) = (c for c in self.checkpoints if c.next_offset == stored.next_offset)
        return found


def start(begin, true=(), shadow=(), **values):
    given = {"partition": 3, "log_begins": 0, "epoch": 1, "noted": []} | values
    return start_at(Shelf(*true), Shelf(*shadow), begin=begin, **given)


OLD, NEW = a_checkpoint(100, generation=90), a_checkpoint(200, generation=180)


def test_it_begins_at_the_newest_checkpoint_that_is_early_enough():
    assert start(250, [NEW, OLD]) == Start(200, 180, NEW, resumes=False)
    assert start(199, [NEW, OLD]) == Start(100, 90, OLD, resumes=False)
    assert start(99, [NEW, OLD]) == Start(0, 0, None, resumes=False)


def test_without_an_offset_it_begins_as_early_as_can_be():
    assert start(None, [NEW, OLD]).offset == 0
    assert start(None, [NEW, OLD], log_begins=50).offset == 100


def test_a_damaged_checkpoint_is_passed_over():
    assert start(250, [replace(NEW, state=b"x"), OLD]).offset == 100


def test_it_goes_on_where_an_earlier_call_died_if_that_began_early_enough():
    shadow = [a_checkpoint(150, generation=140), a_checkpoint(100, generation=90)]
    assert start(120, [NEW, OLD], shadow) == Start(150, 90, shadow[0], resumes=True)
    assert start(99, [NEW, OLD], shadow).resumes is False


def test_it_refuses_where_nothing_reaches_back():
    with pytest.raises(RetentionError, match="the log begins at 7"):
        start(99, [NEW, OLD], log_begins=7)
    goes_on = [an_epoch(2, from_offset=50)]
    with pytest.raises(RetentionError, match="began under another logic_epoch"):
        start(99, [replace(OLD, logic_epoch=2)], epoch=2, noted=goes_on)


def test_a_state_of_other_rules_is_refused():
    with pytest.raises(RulesMismatchError, match="other rules or another state format"):
        state_of(Start(100, 90, OLD, resumes=False), RULES)


@pytest.mark.parametrize("seed", range(40))
def test_its_rows_are_those_of_a_fold_without_a_pause(seed, monkeypatch):
    from random import Random  # noqa: PLC0415

    monkeypatch.setattr(refolding, "FLUSH_EVERY", 2)
    monkeypatch.setattr(refolding, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(refolding, "CHECKPOINT_SHARE", 0.0)
    messages = world(Random(seed), PATIENT).messages
    settings = WorkerSettings()
    whole, shadow = MemoryWarehouse(), MemoryWarehouse()
    log = [Message(offset, *message) for offset, message in enumerate(messages)]
    state = refold(state_of(Start(0, 0, None, resumes=False), PATIENT), Start(0, 0, None, resumes=False), 3,
                   iter(log), shadow, settings, PATIENT, SystemClock())  # fmt: skip
    straight = fold_straight(3, messages, PATIENT)
    assert state.next_offset == straight.state.next_offset
    for table, rows in straight.take_rows(
        refolding.COUNTER_TABLES, source_epoch=settings.source_epoch, logic_epoch=settings.logic_epoch
    ):
        whole.write_rows(table, rows)
        assert values(table, shadow) == values(table, whole)

    (left, *_) = shadow.newest_checkpoints(1, 3, 1)
    assert left.next_offset == len(messages)


def values(table, warehouse):
    """Rows without their versions, and without those of zeros."""
    at = table.columns.index("version")
    rows = [(row[:at], row[at + 1 :]) for row in warehouse.latest_rows(table)]
    return [(key, cells) for key, cells in rows if any(cells)]
