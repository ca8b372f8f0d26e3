"""A log that does not begin at 0: what was never counted begins there; what was, is not begun anew."""

import json

import pytest
from kafka import KafkaAdminClient, TopicPartition

from schemas.topics import PLAYER_EVENTS
from tests.support.pipeline import wait_until
from tests.unit.oracle.events import start

RETENTION = [("retention", 0)]


def send(pipeline, *names):
    """One message each."""
    with pipeline.sender() as sender:
        for name in names:
            sender.send("v", json.dumps(start(name)).encode())
            sender.flush()


def trim(pipeline, before):
    admin = KafkaAdminClient(bootstrap_servers=pipeline.stack.bootstrap)
    admin.delete_records({TopicPartition(PLAYER_EVENTS.name, 0): before})
    admin.close()


def starts(pipeline):
    return pipeline.query("SELECT sum(starts) FROM episodes_by_minute")[0][0]


def breaks(pipeline):
    return pipeline.query("SELECT invariant, partition FROM invariant_breaks")


def offsets(pipeline):
    return [at for (at,) in pipeline.query("SELECT next_offset FROM checkpoints ORDER BY next_offset")]


@pytest.fixture
def pipeline(make_pipeline):
    return make_pipeline(partitions=1, worker={"checkpoint_s": 1.0})


def test_what_was_never_counted_begins_where_the_log_does_and_says_so_first(pipeline):
    send(pipeline, "a", "b", "c")
    trim(pipeline, 2)
    pipeline.drain(workers=1)
    assert starts(pipeline) == 1
    assert offsets(pipeline)[0] == 2, "its first checkpoint is not where it began"
    send(pipeline, "d")
    pipeline.drain(workers=1)
    assert (starts(pipeline), breaks(pipeline)) == (2, [])


def test_a_quiet_partition_whose_log_is_empty_is_no_loss(pipeline):
    send(pipeline, "a", "b")
    trim(pipeline, 2)
    worker = pipeline.start("one")
    wait_until(lambda: offsets(pipeline) == [2], 60)
    send(pipeline, "c")
    wait_until(lambda: starts(pipeline) == 1, 30)
    assert breaks(pipeline) == []
    assert worker.poll() is None


def test_an_empty_log_that_loses_events_before_they_are_read_has_lost_them(pipeline):
    pipeline.drain(workers=1)
    assert offsets(pipeline) == [0]
    send(pipeline, "a", "b")
    trim(pipeline, 1)
    pipeline.start("one")
    wait_until(lambda: breaks(pipeline) == RETENTION, 60)
    assert starts(pipeline) == 0


def test_a_partition_whose_checkpoints_are_lost_does_not_begin_anew_in_mid_log(pipeline):
    send(pipeline, "a", "b", "c")
    pipeline.drain(workers=1)
    pipeline.query("TRUNCATE TABLE checkpoints")
    trim(pipeline, 2)
    pipeline.start("one")
    wait_until(lambda: breaks(pipeline) == RETENTION, 60)
    assert "it was counted before, and none of its checkpoints is there" in pipeline.tail()
    assert starts(pipeline) == 3


def test_checkpoints_that_are_lost_while_the_log_is_whole_cost_a_count(pipeline):
    send(pipeline, "a", "b")
    pipeline.drain(workers=1)
    pipeline.query("TRUNCATE TABLE checkpoints")
    send(pipeline, "c")
    pipeline.drain(workers=1)
    assert (starts(pipeline), breaks(pipeline)) == (3, [])
    pipeline.assert_conserved(3)
