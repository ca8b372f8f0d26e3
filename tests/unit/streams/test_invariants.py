"""What must always hold is watched: a break is told once, with its partition, until it holds again."""

import pytest

from runtime.metrics import WorkerMetrics
from runtime.settings import WorkerSettings
from schemas.invariants import Invariant
from schemas.rules import FoldRules
from streams.invariants import RETENTION_S, Guard
from streams.owned import Owned
from streams.partition import Partition

HOUR_MS = 3_600_000
NOW_MS = 1_763_600_400_000


class Hands:
    """A clock that is set by hand."""

    def now_ms(self):
        return NOW_MS


@pytest.fixture
def metrics():
    return WorkerMetrics()


@pytest.fixture
def guard(metrics):
    return Guard(WorkerSettings(name="one"), Hands(), metrics)


def owned(next_offset=10, *, fresh=False):
    state = Partition(FoldRules())
    state.next_offset = next_offset
    return Owned(3, state, fresh=fresh, now_s=0.0)


def broken(metrics, invariant):
    labels = {"invariant": str(invariant), "partition": "3"}
    return metrics.registry.get_sample_value("cliffhanger_invariant_broken", labels)


def test_a_line_without_an_outcome_is_told_once_and_again_after_it_held(guard, metrics, caplog):
    one = owned()
    guard.look([one], away_s=0)
    assert guard.take() == []
    one.state.tally.received = 2
    for _ in range(3):
        guard.look([one], away_s=0)
    (told,) = guard.take()
    assert told == (Invariant.CONSERVATION, 1, 3, 1, 10, "2 lines have no outcome", "one")
    assert broken(metrics, Invariant.CONSERVATION) == 1
    assert "partition 3 breaks conservation: 2 lines have no outcome" in caplog.text
    one.state.tally.received = 0
    guard.look([one], away_s=0)
    assert broken(metrics, Invariant.CONSERVATION) == 0
    one.state.tally.received = 1
    guard.look([one], away_s=0)
    assert len(guard.take()) == 1


def test_a_state_that_ends_before_one_that_was_stored_is_a_way_back(guard, metrics):
    guard.loaded(owned(10))
    guard.checkpointed(owned(), 25)
    guard.checkpointed(owned(), 20)
    guard.loaded(owned(25))
    assert guard.take() == []
    guard.loaded(owned(24))
    (told,) = guard.take()
    assert (told.invariant, told.detail) == (
        Invariant.NO_WAY_BACK, "a state was stored up to offset 25, and the newest ends at 24",
    )  # fmt: skip
    assert metrics.registry.get_sample_value("cliffhanger_offset_back_messages", {"partition": "3"}) == 1
    guard.loaded(owned(24))
    assert guard.take() == []


def test_rows_that_go_on_without_checkpoints_are_told_unless_the_warehouse_is_away(guard):
    one = owned()
    for rows_at, away_s in ((80.0, 0), (81.0, 0), (111.0, 0), (112.0, 5), (113.0, 0), (143.0, 0)):
        one.rows_at = rows_at  # twice 30 s, four times 5 s; and that for 30 s
        guard.look([one], away_s=away_s)
        assert guard.take() == []
    one.rows_at = 144.0
    guard.look([one], away_s=0)
    assert [told.invariant for told in guard.take()] == [Invariant.ROWS_NEAR_CHECKPOINT]


def left(metrics):
    return metrics.registry.get_sample_value("cliffhanger_retention_left_seconds", {"partition": "3"})


def test_how_long_kafka_keeps_what_is_not_counted_follows_from_the_last_message_that_is(guard, metrics):
    one = owned()
    one.stored_ms = NOW_MS - 100 * HOUR_MS
    guard.look_back(one, begins=0, ends=11)
    assert left(metrics) == RETENTION_S - 100 * 3600
    assert guard.take() == []
    one.stored_ms = NOW_MS - 155 * HOUR_MS  # of 168
    guard.look_back(one, begins=0, ends=11)
    (told,) = guard.take()
    assert told.detail == "in 13 h Kafka may delete what comes after offset 10"


def test_a_partition_that_is_counted_to_its_end_waits_for_nothing_however_quiet(guard, metrics):
    one = owned()
    one.stored_ms = 1
    guard.look_back(one, begins=10, ends=10)
    assert left(metrics) == RETENTION_S


def test_a_log_that_begins_past_the_state_has_no_time_left(guard, metrics):
    one = owned()
    one.stored_ms = NOW_MS
    guard.look_back(one, begins=11, ends=12)
    assert left(metrics) == 0
    assert len(guard.take()) == 1
    assert left(metrics) == 0
    guard.look_back(owned(0, fresh=True), begins=11, ends=12)
    assert left(metrics) == RETENTION_S


def test_before_anything_was_folded_nothing_is_known_and_then_the_first_message_says(guard, metrics):
    one = owned()
    guard.look_back(one, begins=0, ends=11)
    assert left(metrics) == RETENTION_S
    for hours in (30, 20):
        one.fold(one.state.next_offset, NOW_MS - hours * HOUR_MS, b"")
    guard.look_back(one, begins=0, ends=13)
    assert left(metrics) == RETENTION_S - 30 * 3600


def test_old_events_that_are_sent_now_are_not_old_for_kafka(guard, metrics):
    """A recording from last year has watermarks of last year: the broker took it today."""
    one = owned()
    one.state.watermark = NOW_MS - 9_000 * HOUR_MS
    one.fold(10, NOW_MS, b"")
    guard.look_back(one, begins=0, ends=12)
    assert left(metrics) == RETENTION_S
