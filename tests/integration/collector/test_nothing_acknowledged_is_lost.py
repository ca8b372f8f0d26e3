"""A few kills and a short outage; `python -m tests.faults.collector` makes thirty and a long one."""

import logging
import random

import pytest

from tests.faults.collector import away, kills
from tests.support.pipeline import Pipeline

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""kafka-python leaves sockets of failed connections to the garbage collector."""


@pytest.fixture(autouse=True)
def _quiet():
    for library in ("clickhouse_driver", "kafka"):  # they tell of every fault at length
        logging.getLogger(library).setLevel(logging.CRITICAL)


def test_every_acknowledged_event_is_in_the_tables_once_after_kills(stack, database, tmp_path):
    pipeline = Pipeline(stack, database, tmp_path)
    try:
        outcome = kills(pipeline, tmp_path, cycles=3, rng=random.Random(5))
    finally:
        pipeline.close()
    assert (outcome.lost, outcome.wrong) == (0, 0)
    assert outcome.events > 500
    assert set(outcome.statuses) <= {0, 200, 503}


def test_nothing_is_acknowledged_while_the_broker_is_away(stack, tmp_path):
    outcome = away(stack, tmp_path, seconds=4, ack_timeout_s=2)
    assert (outcome.lost, outcome.while_away) == (0, 0)
    assert outcome.statuses[503] > 0
