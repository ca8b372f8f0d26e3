"""What must always hold and does not is a row that on-call finds."""

from kafka import KafkaAdminClient, TopicPartition

from producers.driver import drive
from producers.packing import PackLimits
from producers.simulator import SimulationSettings, simulate
from runtime.clock import SystemClock
from schemas.topics import PLAYER_EVENTS
from tests.support.pipeline import wait_until


def deliver(pipeline, seed=1, events=2_000):
    deliveries = list(
        simulate(SimulationSettings(seed=seed, max_events=events, live_viewers=100, eagerness=3))
    )
    with pipeline.sender(pack=PackLimits(events=20)) as sender:
        drive(deliveries, sender, SystemClock())


def breaks(pipeline):
    return pipeline.query("SELECT invariant, partition, worker FROM invariant_breaks")


def test_a_log_that_begins_past_the_state(make_pipeline):
    pipeline = make_pipeline(partitions=1)
    deliver(pipeline)
    pipeline.drain(workers=1)
    deliver(pipeline, seed=2)
    admin = KafkaAdminClient(bootstrap_servers=pipeline.stack.bootstrap)
    admin.delete_records({TopicPartition(PLAYER_EVENTS.name, 0): 150})
    admin.close()

    worker = pipeline.start("late")
    wait_until(lambda: breaks(pipeline), 60)
    assert breaks(pipeline) == [("retention", 0, "late")]
    assert "partition 0 breaks retention: in 0 h" in pipeline.tail()
    assert worker.poll() is None, "the others would go on"


def test_checkpoints_that_are_gone(make_pipeline):
    pipeline = make_pipeline(worker={"checkpoint_s": 2.0}, partitions=1)
    deliver(pipeline)
    worker = pipeline.start("one")
    wait_until(lambda: pipeline.progress() == 2_000, 60)
    pipeline.query("TRUNCATE TABLE checkpoints")
    assert worker.wait(60) != 0
    assert breaks(pipeline) == [("no_way_back", 0, "one")]
