"""Who looks after the processes of the demo, with children that only pretend."""

import pytest

from cliffhanger.demo.children import LONGEST_PAUSE_S, STEADY_S, Nursery


class Pretended:
    def __init__(self, name, *, ends=False):
        self.name, self.ends = name, ends
        self.log_path = f"{name}.log"
        self.ended_with = None
        self.starts = 0

    def start(self):
        self.starts += 1
        self.ended_with = None


class Ticking:
    def __init__(self):
        self.now = 100.0

    def monotonic_s(self):
        return self.now


@pytest.fixture
def clock():
    return Ticking()


def test_a_dead_child_is_started_again_after_a_second_and_it_is_said(clock):
    child, said = Pretended("worker-1"), []
    nursery = Nursery([child], clock, said.append)
    nursery.start()
    child.ended_with = -9
    nursery.look()
    assert child.starts == 1
    assert said == ["worker-1 ended with -9 and is started again in 1 s; see worker-1.log"]
    clock.now += 1
    nursery.look()
    assert child.starts == 2


def test_one_that_dies_again_and_again_waits_longer_each_time_up_to_a_limit(clock):
    child, said = Pretended("worker-1"), []
    nursery = Nursery([child], clock, said.append)
    nursery.start()
    pauses = []
    for _ in range(7):
        child.ended_with = 1
        nursery.look()
        died = clock.now
        while child.ended_with is not None:
            clock.now += 1
            nursery.look()
        pauses.append(clock.now - died)
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    assert len(said) == 7


def test_one_that_has_lived_for_a_while_is_started_again_quickly(clock):
    child = Pretended("worker-1")
    nursery = Nursery([child], clock, lambda _: None)
    nursery.start()
    for _ in range(3):
        clock.now += STEADY_S + 1
        child.ended_with = 1
        nursery.look()
        clock.now += 1
        nursery.look()
        assert child.ended_with is None


def test_one_whose_purpose_is_to_end_is_left_in_peace_unless_it_failed(clock):
    child, said = Pretended("history", ends=True), []
    nursery = Nursery([child], clock, said.append)
    nursery.start()
    child.ended_with = 0
    nursery.look()
    assert said == []
    child.ended_with = 1
    nursery.look()
    assert len(said) == 1
