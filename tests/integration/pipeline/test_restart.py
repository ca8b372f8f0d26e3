"""Workers that leave in order, are killed, or lose their warehouse lose nothing and double nothing."""

import signal
import threading

import pytest

from producers.driver import drive
from producers.simulator import Dirt, SimulationSettings, TruthFile, simulate
from runtime.clock import SystemClock
from tests.oracle.oracle import diff, from_truth, tables
from tests.support.pipeline import bad_lines, wait_until

EVENTS = 60_000
SIM = SimulationSettings(
    seed=11, max_events=EVENTS, live_viewers=300, eagerness=3, dirt=Dirt(duplicates=0.05, disorder=0.05)
)


@pytest.fixture
def running(make_pipeline, tmp_path):
    """A pipeline into which events are being sent, over some ten seconds, and the file of the truth."""
    pipeline = make_pipeline(
        fold={"experiment": SIM.experiment}, worker={"checkpoint_s": 5.0, "playback_flush_s": 1.0}
    )
    truth = tmp_path / "truth.jsonl"
    with TruthFile(truth) as file:
        deliveries = list(simulate(SIM, file))
    slow = (deliveries[-1].at_ms - deliveries[0].at_ms) / 10_000

    def send():
        with pipeline.sender() as sender:
            drive(deliveries, sender, SystemClock(), speed=slow)

    sending = threading.Thread(target=send)
    sending.start()
    yield pipeline, truth, sending
    sending.join()


def in_the_middle(pipeline, share):
    wait_until(lambda: pipeline.query("SELECT count() FROM episode_minutes")[0][0] > 0, 60)
    wait_until(lambda: pipeline.progress() > share * EVENTS, 60)


def assert_right(pipeline, truth):
    events, _ = from_truth(truth)
    assert diff(tables(events, rules=pipeline.settings.fold), pipeline.rows()) == [], pipeline.tail()
    assert pipeline.quarantined() == bad_lines(truth)
    pipeline.assert_conserved(EVENTS)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_ends_in_mid_stream_loses_and_doubles_nothing(running, end):
    pipeline, truth, sending = running
    first, second = pipeline.start("one"), pipeline.start("two")
    for process, name, share in ((first, "three", 0.2), (second, "four", 0.5)):
        in_the_middle(pipeline, share)
        process.send_signal(end)
        assert process.wait(30) == (0 if end == signal.SIGTERM else -end)
        pipeline.start(name)
    sending.join()
    wait_until(lambda: pipeline.progress() == EVENTS, 60)
    for process in pipeline.workers:
        process.send_signal(signal.SIGTERM)
        process.wait(30)

    assert "reading on at" in pipeline.tail(10_000), "the checkpoint did not decide the position"
    assert_right(pipeline, truth)


def test_a_warehouse_that_goes_away_is_waited_for(running, stack):
    pipeline, truth, sending = running
    worker = pipeline.start("one")
    in_the_middle(pipeline, 0.2)

    stack.clickhouse.kill()
    wait_until(lambda: "the warehouse is away" in pipeline.tail(), 60)
    stack.up()

    sending.join()
    wait_until(lambda: pipeline.progress() == EVENTS, 60)
    assert worker.poll() is None
    assert "nothing was lost" in pipeline.tail(100)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert_right(pipeline, truth)
