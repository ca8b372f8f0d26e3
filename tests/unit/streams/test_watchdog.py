"""A process that gets nowhere is ended; one that is slow, or was suspended, is not."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streams import watchdog
from streams.watchdog import EVERY_S, PATIENCE, Watchdog

ROOT = Path(__file__).parents[3]
LIMIT_S = 2.0
LOOKS = round(LIMIT_S / EVERY_S)


class Dog:
    """A watchdog beside a loop that the test runs by hand."""

    def __init__(self):
        self.loop, self.ended, self.rebalancing = asyncio.new_event_loop(), 0, False
        self.loaded = 0
        self.watchdog = Watchdog(
            self.loop, lambda: self.rebalancing, lambda: self.loaded, limit_s=LIMIT_S, end=self.end
        )

    def end(self):
        self.ended += 1

    def look(self, times, *, runs=True):
        for _ in range(times):
            if runs:
                self.loop.run_until_complete(asyncio.sleep(0))
            self.watchdog.look()


@pytest.fixture
def dog():
    made = Dog()
    yield made
    made.loop.close()


def test_a_loop_that_runs_is_left_alone(dog):
    dog.look(5 * LOOKS)
    assert not dog.ended


def test_a_loop_that_hangs_ends_the_process(dog, caplog):
    dog.look(3)
    dog.look(LOOKS, runs=False)
    assert not dog.ended
    dog.look(2, runs=False)
    assert dog.ended
    assert "the event loop has not answered for" in caplog.text


def test_a_loop_that_comes_back_in_time_is_left_alone(dog):
    for _ in range(5):
        dog.look(LOOKS - 1, runs=False)
        dog.look(1)
    assert not dog.ended


def test_a_rebalance_without_end_ends_the_process(dog, caplog):
    dog.rebalancing = True
    dog.look(LOOKS)
    assert not dog.ended
    dog.look(1)
    assert dog.ended == 1
    assert "a rebalance has not ended for" in caplog.text


def test_a_rebalance_in_which_states_are_loaded_may_last_longer_but_not_for_ever(dog):
    dog.rebalancing = True
    while not dog.ended and dog.loaded < 20:
        dog.loaded += 1
        dog.look(LOOKS - 1)
    assert dog.ended
    assert dog.loaded == pytest.approx(PATIENCE * LOOKS / (LOOKS - 1), abs=1)


def test_one_rebalance_after_the_other_is_no_rebalance_without_end(dog):
    for _ in range(5):
        dog.rebalancing = True
        dog.look(LOOKS)
        dog.rebalancing = False
        dog.look(1)
    assert not dog.ended


def test_a_log_that_blocks_does_not_keep_it_from_ending_the_process(dog, monkeypatch):
    monkeypatch.setattr(watchdog, "SAYS_S", 0.01)
    monkeypatch.setattr(watchdog.log, "critical", lambda _: threading.Event().wait(30))
    dog.look(LOOKS + 1, runs=False)
    assert dog.ended == 1


def test_it_looks_by_itself_and_ends_a_process_whose_loop_is_blocked(monkeypatch):
    monkeypatch.setattr(watchdog, "EVERY_S", 0.01)
    bitten = threading.Event()

    async def hang():
        Watchdog(asyncio.get_running_loop(), lambda: False, lambda: 0, limit_s=0.05, end=bitten.set).start()
        return bitten.wait(30)  # in the loop's own thread

    assert asyncio.run(hang())


BLOCKED_BY_ITS_LOG = """
import asyncio, logging, os
from streams.watchdog import Watchdog

logging.basicConfig()

async def hang():
    loop = asyncio.get_running_loop()
    Watchdog(loop, lambda: False, lambda: 0, limit_s=0.5, end=lambda: os._exit(72)).start()
    while True:
        logging.warning("x" * 4_000)

asyncio.run(hang())
"""


def test_a_process_that_hangs_in_a_log_that_nobody_reads_is_ended():
    """The stacks were written to the same pipe, and the end waited for that."""
    with subprocess.Popen(
        [sys.executable, "-c", BLOCKED_BY_ITS_LOG], stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        try:
            assert process.wait(30) == 72
        finally:
            process.kill()
