import threading

import pytest
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.future import Future

from producers.broker import connect
from producers.packing import PackLimits
from producers.partitioning import partition_of
from producers.sender import Sender, SenderSettings
from runtime.brokers import Brokers
from runtime.clock import SystemClock
from runtime.errors import BrokerAwayError, DeliveryError

ONE_EACH = PackLimits(events=1, age_ms=60_000)


class FakeProducer:
    """Keeps what it is given. `outcome` is None for an acknowledgement, an error, or "never"."""

    def __init__(self):
        self.sent, self.outcome, self.open, self.closed = [], None, [], False

    def partitions_for(self, _):
        return set(range(12))

    def send(self, topic, value, partition):
        if self.outcome == "refuses":
            raise KafkaTimeoutError("no metadata")
        self.sent.append((partition, value))
        future = Future()
        self.open.append(future)
        if self.outcome is None:
            future.success(object())
        elif self.outcome != "never":
            future.failure(self.outcome)
        return future

    def close(self, timeout):
        self.closed = True


class OnFake(Sender):
    def _make_producer(self):
        self.fake = FakeProducer()
        return self.fake


def sender(**settings):
    return OnFake(SenderSettings(**settings))


def test_every_event_is_in_a_message_of_its_viewers_partition():
    with sender(pack=PackLimits(events=7)) as it:
        for number in range(100):
            it.send(f"v-{number % 9}", b"%d" % number)
    lines = [(p, int(line)) for p, value in it.fake.sent for line in value.split(b"\n")]
    assert sorted(number for _, number in lines) == list(range(100))
    assert all(p == partition_of(f"v-{number % 9}", 12) for p, number in lines)
    assert (it.delivered, it.failed, it.fake.closed) == (100, 0, True)


def test_a_lone_event_is_sent_without_another_call():
    with sender(pack=PackLimits(age_ms=10)) as it:
        it.send("v", b"{}")
        deadline = threading.Event()
        while not it.fake.sent:
            assert not deadline.wait(0.005)
        assert it.delivered == 1


@pytest.mark.parametrize("outcome", [KafkaTimeoutError("too long"), "refuses"])
def test_events_that_are_not_acknowledged_are_counted_and_reported_once(outcome):
    it = sender(pack=PackLimits(events=2, age_ms=60_000))
    it.send("v", b"1")
    it.send("v", b"2")
    it.fake.outcome = outcome
    it.send("v", b"3")
    it.send("v", b"4")
    with pytest.raises(DeliveryError, match=r"2 events were not delivered.* of 4 accepted \(2 del"):
        it.flush()
    it.flush()
    assert (it.delivered, it.failed) == (2, 2)
    it.close()


def test_a_flush_that_takes_too_long_says_what_is_under_way():
    it = sender(pack=ONE_EACH)
    it.fake.outcome = "never"
    it.send("v", b"1")
    with pytest.raises(DeliveryError, match="1 are not acknowledged yet"):
        it.flush(timeout_s=0.01)
    it.fake.open[0].success(object())
    it.flush(timeout_s=0.01)
    it.close()


def test_a_full_buffer_holds_send_back_then_refuses_and_takes_nothing():
    it = sender(pack=ONE_EACH, buffer_mb=0.0001, block_s=0.01)
    it.fake.outcome = "never"
    it.send("v", b"x" * 200)
    with pytest.raises(DeliveryError, match="was not taken"):
        it.send("v", b"y")
    it.fake.open[0].success(object())
    it.fake.outcome = None
    it.send("v", b"z")
    it.close()
    assert [value for _, value in it.fake.sent] == [b"x" * 200, b"z"]


def test_room_in_the_buffer_lets_a_waiting_send_go_on():
    it = sender(pack=ONE_EACH, buffer_mb=0.0001, block_s=30)
    it.fake.outcome = "never"
    it.send("v", b"x" * 200)
    it.fake.outcome = None
    threading.Timer(0.02, lambda: it.fake.open[0].success(object())).start()
    it.send("v", b"y")
    it.close()
    assert it.delivered == 2


@pytest.mark.parametrize("line", [b"a\nb", b"x" * (2 * 1024 * 1024)])
def test_a_line_that_no_message_can_hold_is_refused(line):
    with sender() as it, pytest.raises(ValueError, match="a line"):
        it.send("v", line)


def test_a_closed_sender_takes_nothing():
    it = sender()
    it.close()
    it.close()
    with pytest.raises(DeliveryError, match="closed"):
        it.send("v", b"{}")


class ImpatientClock(SystemClock):
    def sleep(self, seconds):
        del seconds


def test_a_broker_that_comes_up_late_is_found():
    attempts = iter([KafkaError("no"), OSError("refused"), KafkaTimeoutError("slow")])

    def make():
        error = next(attempts, None)
        if error:
            raise error
        return "client"

    assert connect(make, Brokers(bootstrap="host:1"), within_s=60, clock=ImpatientClock()) == "client"


def test_a_broker_that_stays_away_is_named():
    def make():
        raise KafkaError("nobody there")

    with pytest.raises(BrokerAwayError, match=r"Kafka does not answer at host:1 .*nobody there"):
        connect(make, Brokers(bootstrap="host:1"), within_s=0.01, clock=ImpatientClock())


def test_a_mistake_of_ours_is_not_retried():
    def make():
        raise TypeError("wrong argument")

    with pytest.raises(TypeError):
        connect(make, Brokers(bootstrap="host:1"), within_s=60, clock=ImpatientClock())
