"""Every unlock, in its own minute."""

import pytest

from tests.unit.oracle.events import MINUTE, key, row, shown, unlock


def test_an_unlock_counts_its_coins_once():
    once = unlock(at=1, coins_paid=30, coins_bonus=20)
    expected = {"unlocks": 1, "coins_paid": 30, "coins_bonus": 20, "without_impression": 1}
    assert row("unlock_minutes", [once, once]) == expected


def test_absent_coins_are_none():
    assert row("unlock_minutes", [shown(), unlock(at=1)]) == {
        "unlocks": 1,
        "coins_paid": 0,
        "coins_bonus": 0,
        "without_impression": 0,
    }


def test_the_first_event_of_an_unlock_gives_its_minute_dimensions_and_coins():
    events = [
        unlock(at=2 * MINUTE, coins_paid=1, country="DE"),
        unlock(at=MINUTE, coins_paid=2, country="FR"),
    ]
    assert key("unlock_minutes", events)[0] % 3_600 == 60
    assert key("unlock_minutes", events)[5] == "FR"
    assert row("unlock_minutes", events)["coins_paid"] == 2


@pytest.mark.parametrize("method", ["coins", "ad", "subscription", "bundle", "free_grant", "auto_coins"])
def test_every_method_counts_under_its_name(method):
    assert key("unlock_minutes", [unlock(method=method)])[3] == method
