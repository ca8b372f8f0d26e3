"""What of a fetch is folded, what is acknowledged for it, and when a worker lags."""

from types import SimpleNamespace

import pytest

from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from streams import intake
from streams.fetch import Fetch
from streams.intake import LAG_LASTS_S, LONG_S, Intake
from streams.owned import Owned
from streams.partition import Partition
from tests.support.hands import Hands
from tests.unit.oracle.events import start
from tests.unit.streams.folded import RULES, message

GENERATION = 4


class Here:
    """An intake of one partition, with an assignment and an outbox that remember."""

    def __init__(self):
        self.clock = Hands(100.0)
        self.owned = Owned(0, Partition(RULES), fresh=True, now_s=0)
        self.outbox = SimpleNamespace(folded={})
        self.generation = self.now = GENERATION
        self.partitions = {0: self.owned}
        self.intake = Intake(
            WorkerSettings(take_messages=5), self, self.outbox, clock=self.clock, metrics=WorkerMetrics()
        )

    def has_moved_on(self, generation):
        return self.now != generation

    async def fold(self, *records, generation=GENERATION):
        return await self.intake.fold_all(Fetch.of(generation, records))


class Record:
    """A message of one play, which may do something when it is folded."""

    partition = 0

    def __init__(self, offset, then=None):
        self.offset = offset
        self._timestamp, self.value = message([start(f"p{offset}")])
        self._then = then

    @property
    def timestamp(self):
        if self._then:
            self._then()
        return self._timestamp


@pytest.fixture
def here():
    return Here()


async def test_what_is_folded_is_to_be_acknowledged(here):
    assert await here.fold(Record(0), Record(1))
    assert here.outbox.folded == {0: 2}


async def test_what_was_folded_before_is_to_be_acknowledged_too(here):
    await here.fold(Record(0), Record(1))
    here.outbox.folded.clear()
    await here.fold(Record(0))
    assert here.outbox.folded == {0: 2}


async def test_what_waits_is_not_to_be_acknowledged_until_it_is_folded(here):
    here.owned.encoding = True
    await here.fold(Record(0))
    assert here.outbox.folded == {}
    here.intake.fold_waiting(here.owned)
    assert here.outbox.folded == {0: 1}


async def test_a_fetch_of_another_generation_is_dropped(here):
    assert not await here.fold(Record(0), generation=GENERATION - 1)
    assert here.owned.state.next_offset == 0


async def test_a_group_that_moves_on_ends_the_fold_in_the_middle_of_a_fetch(here):
    def moves_on():
        here.now += 1

    assert not await here.fold(Record(0, moves_on), Record(1))
    assert here.owned.state.next_offset == 1


async def test_a_stop_ends_the_fold_in_the_middle_of_a_fetch(here):
    def stops():
        here.intake.stopped = True

    assert not await here.fold(Record(0, stops), Record(1))
    assert here.owned.state.next_offset == 1


async def test_others_have_their_turn_between_two_messages(here, monkeypatch):
    monkeypatch.setattr(intake, "YIELD_AFTER_S", -1.0)
    folding = here.fold(*map(Record, range(3)))
    for turn in range(3):
        assert folding.send(None) is None
        assert here.owned.state.next_offset == turn + 1
    with pytest.raises(StopIteration):
        folding.send(None)


async def test_it_lags_for_a_while_after_a_full_fetch(here):
    await here.fold(*map(Record, range(4)))
    assert not here.intake.lags
    await here.fold(*map(Record, range(4, 9)))
    assert here.intake.lags
    here.clock.now += LAG_LASTS_S
    assert not here.intake.lags


async def test_it_lags_when_a_fetch_takes_long(here):
    def takes_long():
        here.clock.now += 2 * LONG_S

    await here.fold(Record(0, takes_long))
    assert here.intake.lags
