"""The paywall: which impression an unlock answers, and what an impression is worth."""

import pytest

from schemas.rules import FoldRules
from tests.unit.oracle.events import (
    DAY,
    MINUTE,
    SECOND,
    checkout,
    dismissed,
    failure,
    purchase,
    refund,
    reward,
    shown,
    start,
    unlock,
)
from tests.unit.streams.folded import row, rows, total

PATIENT = FoldRules(lateness_ms=7 * DAY)


def answered(*lines):
    """How many unlocks answer an impression."""
    found = rows("unlock_minutes", lines, PATIENT).values()
    return sum(r["unlocks"] - r["without_impression"] for r in found)


@pytest.mark.parametrize(("at", "answers"), [(-1, 0), (0, 1), (DAY, 1), (DAY + 1, 0)])
def test_an_unlock_that_names_none_answers_a_gate_up_to_a_day_before(at, answers):
    assert answered(shown(), unlock(at=at)) == answers


@pytest.mark.parametrize(("at", "answers"), [(-DAY - 1, 0), (-DAY, 1), (-1, 1), (DAY, 1), (DAY + 1, 0)])
def test_an_unlock_answers_the_impression_it_names_up_to_a_day_to_either_side(at, answers):
    assert answered(shown(), unlock(at=at, names="i1", episode=9)) == answers


def test_an_unlock_that_names_an_impression_answers_no_other():
    assert answered(shown("i2"), unlock(at=5, names="i1")) == 0


def test_an_unlock_that_names_none_answers_the_latest_and_of_two_at_one_time_the_greater_id():
    lines = [shown("i1", 0), shown("i3", 5, paywall="b"), shown("i2", 5, paywall="c"), unlock(at=6)]
    for order in (lines, lines[::-1]):
        converted = {key[4]: r["converted_24h"] for key, r in rows("paywall_minutes", order).items()}
        assert converted == {"wall": 0, "b": 1, "c": 0}


@pytest.mark.parametrize("method", ["auto_coins", "free_grant"])
def test_what_nobody_chose_answers_nothing(method):
    assert answered(shown(), unlock(at=5, names="i1", method=method)) == 0


@pytest.mark.parametrize(
    ("delay", "within"),
    [
        (-MINUTE, (1, 1, 1, 1)), (MINUTE, (1, 1, 1, 1)), (MINUTE + 1, (0, 1, 1, 1)), (5 * MINUTE,
        (0, 1, 1, 1)),
        (5 * MINUTE + 1, (0, 0, 1, 1)), (30 * MINUTE, (0, 0, 1, 1)), (30 * MINUTE + 1, (0, 0, 0,
        1)), (DAY, (0, 0, 0, 1)),
    ],
)  # fmt: skip
def test_how_soon_a_conversion_came(delay, within):
    found = row("paywall_minutes", [shown(), unlock(at=delay, names="i1")], PATIENT)
    assert tuple(found[f"converted_{w}"] for w in ("1m", "5m", "30m", "24h")) == within


@pytest.mark.parametrize(("at", "first"), [(0, 1), (1, 1), (DAY, 1), (DAY + 1, 2)])
def test_an_impression_is_first_when_none_was_shown_in_the_day_before(at, first):
    assert total("paywall_minutes", "first_impressions", [shown("i1"), shown("i2", at)], PATIENT) == first


def test_an_impression_of_another_gate_is_first_too():
    others = [shown("i2", 1, paywall="b"), shown("i3", 1, episode=3), shown("i4", 1, series_id="t")]
    assert total("paywall_minutes", "first_impressions", [shown("i1"), *others]) == 4


def test_what_names_an_impression_counts_once_in_any_order():
    lines = [shown(), dismissed(), dismissed(at=5), checkout(), checkout(at=5), failure(at=6), failure(at=7)]
    for order in (lines, lines[::-1]):
        found = row("paywall_minutes", order)
        assert (found["dismissals"], found["checkouts"], found["payment_failures"]) == (1, 1, 1)


def test_the_first_checkout_says_which_impression_an_order_belongs_to():
    lines = [
        shown("i1"), shown("i2", paywall="b"), unlock("u1", 5, names="i1"), unlock("u2", 5, names="i2"),
        checkout(at=5, impression="i2"), checkout(at=4, impression="i1"), purchase(at=9),
    ]  # fmt: skip
    for order in (lines, lines[::-1]):
        revenue = {key[4]: r["revenue_usd_micros"] for key, r in rows("paywall_minutes", order).items()}
        assert revenue == {"wall": 100, "b": 0}


ANSWERED = (shown(), unlock(at=9, names="i1", revenue_usd_micros=5), checkout())


@pytest.mark.parametrize(
    ("lines", "revenue"),
    [
        ([], 5),
        ([purchase()], 105),
        ([purchase(product="subscription_initial")], 105),
        ([purchase(product="coin_pack")], 5),
        ([purchase(product="subscription_renewal")], 5),
        ([purchase(), purchase(transaction="t2", amount=7)], 112),
        ([purchase(), refund(at=3, amount=-40)], 65),
        ([purchase(), refund(at=3, amount=-40), refund(at=4, amount=-1)], 64),
        ([purchase(), refund(at=3, transaction="t2")], 5 + 100),
        ([purchase(product="coin_pack"), refund(at=3, product="bundle")], 5),
        ([refund(at=3)], 5),
        ([reward()], 12),
        ([reward(verified=False)], 5),
        ([reward(verified=False), reward(at=5, revenue=9)], 12),
        ([reward(impression="i2")], 5),
        ([unlock("u2", 9, names="i1", method="ad", revenue_usd_micros=3)], 5),
        ([unlock("u2", 9, names="i1", revenue_usd_micros=3)], 8),
    ],
)
def test_the_revenue_of_an_impression(lines, revenue):
    for order in ([*ANSWERED, *lines], [*lines[::-1], *ANSWERED[::-1]]):
        assert row("paywall_minutes", order)["revenue_usd_micros"] == revenue


def test_an_impression_that_nobody_answers_has_no_revenue():
    assert row("paywall_minutes", [shown(), checkout(), purchase(), reward()])["revenue_usd_micros"] == 0


@pytest.mark.parametrize(("at", "after"), [(8, 0), (9, 1), (9 + 5 * MINUTE, 1), (10 + 5 * MINUTE, 0)])
def test_an_unlocked_episode_that_was_started_soon_after(at, after):
    for order in ([*ANSWERED, start("p", at, episode=2)], [start("p", at, episode=2), *ANSWERED]):
        assert row("paywall_minutes", order)["played_after"] == after
        assert row("viewer_days", order)["played_after_unlock"] == after


def test_a_preview_or_another_episode_is_not_played_after():
    lines = [*ANSWERED, start("p", 9, episode=2, reason="preview"), start("q", 9, episode=3)]
    assert row("paywall_minutes", lines)["played_after"] == 0


@pytest.mark.parametrize(
    ("listed", "variant"),
    [
        ([], ""),
        ([{"id": "y", "variant": "a"}], ""),
        ([{"id": "x", "variant": "b"}], "b"),
        ([{"id": "x", "variant": "b"}, {"id": "y", "variant": "0"}, {"id": "x", "variant": "a"}], "a"),
    ],
)
def test_the_variant_is_that_of_the_experiment_of_the_rules(listed, variant):
    lines = [shown(experiments=listed)]
    assert [key[-1] for key in rows("paywall_minutes", lines, FoldRules(experiment="x"))] == [variant]
    assert [key[-1] for key in rows("paywall_minutes", lines)] == [""]


def test_an_unlock_told_twice_counts_as_its_first_event_says():
    lines = [unlock(at=SECOND, coins_paid=9), unlock(at=0, coins_paid=3, method="ad")]
    for order in (lines, lines[::-1]):
        found = rows("unlock_minutes", order)
        assert [(key[3], r["unlocks"], r["coins_paid"]) for key, r in found.items()] == [("ad", 1, 3)]


@pytest.mark.parametrize(("at", "first"), [(0, 1), (1, 1), (DAY, 1), (DAY + 1, 2)])
def test_an_impression_that_comes_late_takes_first_from_those_after_it(at, first):
    lines = [shown("i2", at), shown("i1")]
    assert total("paywall_minutes", "first_impressions", lines, PATIENT) == first


def test_a_start_that_moves_before_the_unlock_is_not_played_after_it():
    lines = [*ANSWERED, start("p", 9, episode=2)]
    assert row("paywall_minutes", lines)["played_after"] == 1
    assert row("paywall_minutes", [*lines, start("p", 8, episode=2)])["played_after"] == 0
    assert row("viewer_days", [*lines, start("p", 8, episode=2)])["played_after_unlock"] == 0


def test_an_unlock_whose_first_event_comes_late_moves_from_one_impression_to_another():
    lines = [shown("i1"), shown("i2", paywall="b"), unlock(at=9, names="i1"), unlock(at=8, names="i2")]
    converted = {key[4]: r["converted_24h"] for key, r in rows("paywall_minutes", lines).items()}
    assert converted == {"wall": 0, "b": 1}
