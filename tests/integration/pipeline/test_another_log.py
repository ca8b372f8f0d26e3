"""A topic that was created anew under an old source_epoch is recognised, not skipped."""

import signal

from producers.driver import drive
from producers.simulator import SimulationSettings, simulate
from runtime.clock import SystemClock
from tests.support.pipeline import renew_topics, wait_until

EVENTS = 3_000


def deliver(pipeline, seed, events):
    deliveries = list(
        simulate(SimulationSettings(seed=seed, max_events=events, live_viewers=100, eagerness=3))
    )
    with pipeline.sender() as sender:
        drive(deliveries, sender, SystemClock())


def test_a_worker_whose_log_ends_before_its_state_ends_and_says_why(make_pipeline):
    """It used to skip every message of the new topic up to the old offset, in silence."""
    pipeline = make_pipeline(worker={"checkpoint_s": 2.0}, partitions=1)
    deliver(pipeline, 1, EVENTS)
    pipeline.drain(workers=1)
    renew_topics(pipeline.stack.bootstrap, partitions=1)
    deliver(pipeline, 2, 10)

    worker = pipeline.start("after")
    assert worker.wait(60) != 0
    assert "the topic was created anew under source_epoch 1" in pipeline.tail()
    assert pipeline.progress() == EVENTS

    again = pipeline.start("raised", CLIFFHANGER_WORKER__SOURCE_EPOCH="2")
    wait_until(lambda: pipeline.progress() == EVENTS + 10, 60)
    again.send_signal(signal.SIGTERM)
    assert again.wait(30) == 0
