import pytest

from producers.driver import drive
from producers.pace import paced
from producers.simulator import Delivery


class FakeClock:
    """Time passes only by sleeping."""

    def __init__(self):
        self.s = 100.0

    def now_ms(self):
        return int(self.s * 1000)

    def monotonic_s(self):
        return self.s

    def sleep(self, seconds):
        self.s += max(seconds, 0)


class ListSink:
    def __init__(self):
        self.sent, self.flushed = [], 0

    def send(self, viewer_id, line):
        self.sent.append((viewer_id, line))

    def flush(self, timeout_s=None):
        self.flushed += 1


@pytest.mark.parametrize(("speed", "seconds"), [(1, 90), (60, 1.5), (None, 0), (0.5, 180)])
def test_time_passes_at_the_speed_asked_for(speed, seconds):
    clock = FakeClock()
    seen = [(at, clock.s) for at in paced([5_000, 35_000, 95_000], lambda at: at, speed, clock)]
    assert seen[0] == (5_000, 100.0)
    assert seen[-1][1] - 100 == pytest.approx(seconds, abs=1e-6)


def test_items_that_are_behind_go_out_at_once():
    clock = FakeClock()
    items = paced([0, 10_000, 9_000], lambda at: at, 1, clock)
    assert [(at, clock.s) for at in items][-1] == (9_000, pytest.approx(110))


@pytest.mark.parametrize("speed", [0, -1])
def test_a_speed_that_is_none_is_refused(speed):
    with pytest.raises(ValueError, match="above 0"):
        list(paced([1], int, speed, FakeClock()))


def test_a_drive_sends_all_then_waits_for_the_acknowledgement_and_tells_how_far_it_is():
    sink, told = ListSink(), []
    deliveries = [Delivery(second * 1000, f"v-{second}", b"{}") for second in range(5)]
    total = drive(deliveries, sink, FakeClock(), speed=1, tell=told.append)
    assert sink.sent == [(d.viewer_id, d.line) for d in deliveries]
    assert sink.flushed == 1
    assert (total.events, total.bytes, total.at_ms) == (5, 10, 4_000)
    assert [progress.events for progress in told] == [2, 3, 4, 5, 5]
