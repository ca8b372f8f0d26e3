"""A few faults of each kind; `python -m tests.faults` runs them all, at length."""

import logging

import pytest

from devstack import DevStack, free_ports
from tests.faults.scenarios import SCENARIOS
from tests.support.pipeline import ROOT

FEW = {
    "T1": {"cycles": 6, "events": 8_000},
    "T2": {"cycles": 1, "events": 4_000},
    "T3": {"cycles": 8, "events": 8_000},
    "T5": {"cycles": 3, "events": 6_000},
    "T9": {"events": 6_000},
    "T10b": {},
    "T10c": {},
    "T10d": {},
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A stack of its own: these tests kill it."""
    for library in ("clickhouse_driver", "kafka"):  # they tell of every fault at length
        logging.getLogger(library).setLevel(logging.CRITICAL)
    stack = DevStack(tmp_path_factory.mktemp("faults"), free_ports(), jars=ROOT / ".devstack" / "jars")
    stack.up()
    yield stack
    for service in stack.services:
        service.resume()
    stack.down()


@pytest.mark.parametrize("name", FEW)
def test_no_row_is_wrong_after(name, stack):
    outcome = SCENARIOS[name](stack, seed=7, **FEW[name])

    assert outcome.differences == []
    assert outcome.hangs == []
    assert outcome.error == ""
    assert outcome.hits >= outcome.cycles, "a fault struck nobody"


def test_a_worker_without_offset_checks_turns_the_suite_red(stack):
    assert SCENARIOS["X1"](stack, seed=7, cycles=2, events=4_000).wrong > 0
