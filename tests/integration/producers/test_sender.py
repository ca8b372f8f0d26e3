"""The sender against the real broker: nothing is lost, doubled or disordered, whatever the broker does."""

import threading
import uuid
from collections import defaultdict

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from producers.driver import drive
from producers.partitioning import partition_of
from producers.sender import Sender, SenderSettings
from producers.simulator import Dirt, SimulationSettings, simulate
from runtime.brokers import Brokers
from runtime.clock import SystemClock
from runtime.errors import BrokerAwayError, DeliveryError


@pytest.fixture
def topic(stack):
    """A topic of its own with four partitions. It goes with the stack."""
    name = f"events-{uuid.uuid4().hex}"
    admin = KafkaAdminClient(bootstrap_servers=stack.bootstrap)
    admin.create_topics({name: {"num_partitions": 4, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()
    return name


def read_all(stack, topic):
    """The lines of each partition, in the order of the log."""
    consumer = KafkaConsumer(bootstrap_servers=stack.bootstrap, auto_offset_reset="earliest")
    partitions = [TopicPartition(topic, number) for number in range(4)]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    lines = defaultdict(list)
    while any(consumer.position(p) < ends[p] for p in partitions):
        for partition, messages in consumer.poll(timeout_ms=1000).items():
            for message in messages:
                lines[partition.partition] += message.value.split(b"\n")
    consumer.close()
    return lines


def settings(stack, topic, **more):
    return SenderSettings(
        brokers=Brokers(bootstrap=stack.bootstrap), topic=topic, **{"delivery_timeout_s": 60} | more
    )


def numbered(count):
    return [(f"v-{number % 50}", b"%d" % number) for number in range(count)]


def assert_all_once_in_order(lines, sent):
    for partition in range(4):
        expected = [line for viewer, line in sent if partition_of(viewer, 4) == partition]
        assert lines[partition] == expected


def test_simulated_events_arrive_once_and_in_order(stack, topic):
    deliveries = list(simulate(SimulationSettings(live_viewers=200, max_events=20_000, dirt=Dirt.heavy())))
    with Sender(settings(stack, topic)) as sender:
        drive(deliveries, sender, SystemClock())
    assert sender.delivered == 20_000
    assert_all_once_in_order(read_all(stack, topic), [(d.viewer_id, d.line) for d in deliveries])


def test_a_broker_that_is_killed_in_the_middle_costs_no_event_and_doubles_none(stack, topic):
    sent = numbered(40_000)
    with Sender(settings(stack, topic)) as sender:
        for number, (viewer, line) in enumerate(sent):
            if number == 20_000:
                stack.kafka.kill()
                restart = threading.Thread(target=stack.kafka.start)
                restart.start()
            sender.send(viewer, line)
        restart.join()
        sender.flush(timeout_s=60)
    assert (sender.delivered, sender.failed) == (40_000, 0)
    assert_all_once_in_order(read_all(stack, topic), sent)


def test_events_for_a_broker_that_stays_away_are_reported(stack, topic):
    sender = Sender(settings(stack, topic, delivery_timeout_s=2))
    sender.send("v", b"before")
    sender.flush()
    stack.kafka.kill()
    try:
        for _, line in numbered(1_000):
            sender.send("v", line)
        with pytest.raises(DeliveryError, match=r"^1000 events were not delivered and 0 are"):
            sender.flush()
        assert (sender.delivered, sender.failed) == (1, 1_000)
    finally:
        stack.kafka.start()
        sender.close()


def test_a_broker_that_stands_still_makes_send_wait_and_then_refuse(stack, topic):
    sender = Sender(settings(stack, topic, buffer_mb=0.5, block_s=0.5))
    sender.send("v", b"before")
    sender.flush()
    stack.kafka.pause()
    taken = []
    try:
        with pytest.raises(DeliveryError, match="was not taken"):
            fill(sender, taken)
    finally:
        stack.kafka.resume()
    sender.close()
    assert sender.delivered == 1 + len(taken) < 2_000


def fill(sender, taken):
    while True:
        sender.send("v", b"x" * 1_000)
        taken.append(1)


def test_a_sender_that_is_started_before_the_broker_waits_for_it(stack, topic):
    stack.kafka.stop()
    start = threading.Timer(1, stack.kafka.start)
    start.start()
    with Sender(settings(stack, topic, connect_s=60)) as sender:
        sender.send("v", b"{}")
    start.join()
    assert sender.delivered == 1


def test_an_address_at_which_nobody_answers_is_named():
    with pytest.raises(BrokerAwayError, match=r"does not answer at 127\.0\.0\.1:1 .*Is it running"):
        Sender(SenderSettings(brokers=Brokers(bootstrap="127.0.0.1:1"), connect_s=1))
