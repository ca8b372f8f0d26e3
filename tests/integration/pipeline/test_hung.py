"""A worker whose event loop hangs is ended, though Kafka's client goes on sending heartbeats for it."""

import json

import pytest

from tests.unit.oracle.events import start

STUCK, STUCK_IN_C = 72, 1


@pytest.mark.parametrize(
    ("how", "code", "says"),
    [
        ("hung", STUCK, "the event loop has not answered"),
        ("hung-in-c", STUCK_IN_C, "Timeout ("),
    ],
)
def test_a_worker_that_hangs_in_the_fold_ends_to_be_started_again(make_pipeline, how, code, says):
    pipeline = make_pipeline(worker={"stuck_after_s": 5.0})
    event = start("p")
    with pipeline.sender() as sender:
        sender.send(event["viewer_id"], json.dumps(event).encode())
    worker = pipeline.start("one", program=("tests.faults.broken", how))
    assert worker.wait(90) == code, pipeline.tail()
    assert says in pipeline.tail(200)
    assert "in take" in pipeline.tail(200), "it does not say where it hung"
    pipeline.drain(workers=1)
    pipeline.assert_conserved(1)
