"""A viewer's days."""

import pytest

from tests.unit.oracle.events import (
    DAY,
    HOUR,
    MIDNIGHT,
    MINUTE,
    checkout,
    heartbeat,
    purchase,
    shown,
    start,
    unlock,
    watch,
)
from tests.unit.streams.folded import row, rows

TODAY, TOMORROW = MIDNIGHT // 1000, (MIDNIGHT + DAY) // 1000


def test_a_viewer_counts_once_a_day():
    lines = [start("p1", 12 * HOUR - 1), start("p2", 12 * HOUR), start("p3", 12 * HOUR + 1)]
    found = rows("viewer_days", lines)
    assert {key[0]: r["active"] for key, r in found.items()} == {TODAY: 1, TOMORROW: 1}


def test_the_first_event_of_the_day_says_where_it_counts_even_when_it_comes_last():
    lines = [heartbeat(at=5, platform="tv"), start(at=4, platform="web"), heartbeat(at=6)]
    assert [key[1] for key in rows("viewer_days", lines)] == ["web"]


@pytest.mark.parametrize(
    ("installed", "tenure"),
    [(None, "unknown"), (MIDNIGHT - 1, "returning"), (MIDNIGHT, "new"), (MIDNIGHT + DAY, "returning")],
)
def test_new_is_who_installed_on_that_day(installed, tenure):
    assert [key[3] for key in rows("viewer_days", [start(installed_at=installed)])] == [tenure]


def test_each_flag_belongs_to_the_day_of_its_own_event():
    midnight = 12 * HOUR
    lines = [
        *watch("p1", midnight - 1), shown(at=midnight), checkout(at=midnight + DAY),
        purchase(at=midnight + 2 * DAY), unlock(at=midnight + 3 * DAY - 1), start("p2",
        midnight + 3 * DAY, episode=2),
    ]  # fmt: skip
    found = rows("viewer_days", lines)
    flags = [
        [name for name, value in found[TODAY + 86_400 * day, "ios", "US", "unknown", ""].items() if value]
        for day in range(5)
    ]
    assert flags == [
        ["active", "watched"],
        ["active", "met_paywall"],
        ["active", "started_checkout"],
        ["active", "unlocked", "paid", "played_after_unlock"],
        ["active"],
    ]


@pytest.mark.parametrize(("amount", "paid"), [(0, 0), (1, 1)])
def test_who_paid_nothing_has_not_paid(amount, paid):
    assert row("viewer_days", [purchase(amount=amount)])["paid"] == paid


def test_a_transaction_whose_first_event_was_free_is_taken_off():
    lines = [purchase(at=MINUTE, amount=1), purchase(at=0, amount=0)]
    for order in (lines, lines[::-1]):
        assert row("viewer_days", order)["paid"] == 0
