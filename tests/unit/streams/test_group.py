"""What a worker is told of its group: never that a rebalance is over when the next has begun."""

from types import SimpleNamespace

import pytest
from faust.types import tuples

from schemas.topics import PLAYER_EVENTS
from streams.app import FaustGroup


@pytest.mark.parametrize(
    ("rebalancing", "joining", "expected"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_a_group_rebalances_until_its_assignment_is_known_and_loaded(rebalancing, joining, expected):
    app = SimpleNamespace(
        rebalancing=rebalancing, rebalancing_count=1, consumer=SimpleNamespace(is_joining=joining)
    )
    assert FaustGroup(app).rebalancing() is expected


def test_before_the_first_rebalance_no_consumer_is_made():
    """The watchdog asks, from a thread of its own, before there is one."""
    assert FaustGroup(SimpleNamespace(rebalancing=False, rebalancing_count=0)).rebalancing() is False


def test_offsets_of_the_log_are_acknowledged_by_topic_and_partition():
    said = []
    FaustGroup(SimpleNamespace(consumer=SimpleNamespace(acknowledge=said.append))).acknowledge({3: 7})
    assert said == [{tuples.TP(PLAYER_EVENTS.name, 3): 7}]
