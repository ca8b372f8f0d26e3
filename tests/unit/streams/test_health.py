"""A worker is healthy when it has partitions that move or are at the end, and flushes."""

from types import SimpleNamespace

import pytest

from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from streams.health import STILL_S, Doctor
from streams.owned import Owned
from streams.partition import Partition
from tests.support.hands import Hands

LONG = STILL_S + 1


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def owned():
    return Owned(3, Partition(FoldRules()), fresh=True, now_s=0)


def doctor(clock, *owned, end):
    worker = SimpleNamespace(
        partitions={o.number: o for o in owned}, outbox=SimpleNamespace(flushed_at=0.0, away_s=0.0)
    )
    return worker, Doctor(worker, WorkerSettings(), clock, lambda _: end)


def test_a_partition_at_the_end_of_the_log_is_well_however_still(clock, owned):
    worker, examining = doctor(clock, owned, end=0)
    examining.examine()
    clock.now = worker.outbox.flushed_at = LONG
    assert examining.examine().problems == []


def test_a_partition_with_messages_waiting_that_does_not_move_is_stuck(clock, owned):
    worker, examining = doctor(clock, owned, end=5)
    assert examining.examine().problems == []
    clock.now = worker.outbox.flushed_at = LONG
    assert examining.examine().problems == ["partition 3 has not moved for 31 s"]
    owned.state.next_offset = 1
    assert examining.examine().problems == []


def test_a_worker_that_does_not_flush_is_not_well(clock, owned):
    _, examining = doctor(clock, owned, end=0)
    clock.now = LONG
    assert examining.examine().problems == ["nothing was flushed for 31 s"]


def test_a_worker_without_partitions_is_not_well(clock):
    _, examining = doctor(clock, end=0)
    clock.now = 7
    assert examining.examine().problems == ["no partitions for 7 s"]


def test_a_partition_that_cannot_go_on_says_why(clock, owned):
    _, examining = doctor(clock, owned, end=0)
    owned.stopped = "retention was too short"
    assert examining.examine().problems == ["partition 3: retention was too short"]
