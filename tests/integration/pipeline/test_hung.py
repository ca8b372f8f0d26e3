"""A worker whose event loop hangs is ended, though Kafka's client goes on sending heartbeats for it."""

import json

from tests.unit.oracle.events import start

STUCK = 72


def test_a_worker_that_hangs_in_the_fold_ends_to_be_started_again(make_pipeline):
    pipeline = make_pipeline(worker={"stuck_after_s": 5.0})
    event = start("p")
    with pipeline.sender() as sender:
        sender.send(event["viewer_id"], json.dumps(event).encode())
    worker = pipeline.start("one", program=("tests.faults.broken", "hung"))
    assert worker.wait(90) == STUCK, pipeline.tail()
    assert "the event loop has not answered" in pipeline.tail()
    pipeline.drain(workers=1)
    pipeline.assert_conserved(1)
