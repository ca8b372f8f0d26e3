"""What an impression counts as, besides its answers, and the money that it brought."""

import pytest

from tests.unit.oracle.events import (
    DAY,
    HOUR,
    checkout,
    dismissed,
    event_id,
    failure,
    key,
    purchase,
    refund,
    reward,
    row,
    rows,
    shown,
    total,
    unlock,
)


def counted(*events):
    return {name: n for name, n in row("paywall_minutes", events).items() if n}


SHOWN = {"impressions": 1, "first_impressions": 1}


def test_an_impression_that_nobody_minds():
    assert counted(shown()) == SHOWN


def test_an_impression_told_twice_is_one_and_its_first_event_gives_the_fields():
    events = [shown(at=1, platform="tv"), shown(at=0, platform="web")]
    assert counted(*events) == SHOWN
    assert key("paywall_minutes", events)[6] == "web"


@pytest.mark.parametrize(("later", "first"), [(1, 1), (DAY, 1), (DAY + 1, 2)])
def test_an_impression_is_first_when_none_was_in_the_day_before(later, first):
    assert total("paywall_minutes", "first_impressions", [shown("i2"), shown("i1", later)]) == first


def test_of_impressions_at_one_time_the_smaller_id_is_first():
    events = [shown("i2", trigger="list_tap"), shown("i1", trigger="next_tap")]
    assert [k[5] for k, r in rows("paywall_minutes", events).items() if r["first_impressions"]] == [
        "next_tap"
    ]


def test_an_impression_a_day_after_one_that_was_not_first_is_not_first_either():
    events = [shown("i1"), shown("i2", 20 * HOUR), shown("i3", 40 * HOUR)]
    assert total("paywall_minutes", "first_impressions", events) == 1


@pytest.mark.parametrize(
    "other", [{"series_id": "other"}, {"episode": 3}, {"paywall": "other"}, {"viewer_id": "other"}]
)
def test_impressions_of_other_gates_are_first_by_themselves(other):
    assert total("paywall_minutes", "first_impressions", [shown("i1"), shown("i2", 1, **other)]) == 2


def test_a_dismissal_counts_once():
    assert counted(shown(), dismissed(at=1), dismissed(at=2)) == SHOWN | {"dismissals": 1}


def test_a_checkout_counts_once():
    assert counted(shown(), checkout("o1"), checkout("o2")) == SHOWN | {"checkouts": 1}


def test_what_names_an_impression_that_never_comes_counts_nothing():
    assert rows("paywall_minutes", [dismissed(), checkout(), reward(), purchase()]) == {}


def test_what_names_the_impression_of_another_viewer_counts_nothing():
    assert counted(shown(), checkout(viewer_id="other")) == SHOWN


def test_a_failure_counts_for_the_impression_of_its_order_in_any_order():
    assert counted(failure(at=-1), shown(), checkout()) == SHOWN | {"checkouts": 1, "payment_failures": 1}


def test_a_failure_of_an_order_that_no_checkout_opened_counts_nothing():
    assert counted(shown(), failure()) == SHOWN


def gates(counter, events):
    return {k[5]: r[counter] for k, r in rows("paywall_minutes", events).items()}


def test_an_order_belongs_to_the_impression_of_its_first_checkout():
    """A second checkout of the order still counts as a checkout of the impression that it names."""
    events = [
        shown("i1", trigger="list_tap"),
        shown("i2", trigger="next_tap"),
        checkout("o1", "i2", at=1),
        checkout("o1", "i1", at=2),
        failure("o1"),
    ]
    assert gates("payment_failures", events) == {"list_tap": 0, "next_tap": 1}
    assert gates("checkouts", events) == {"list_tap": 1, "next_tap": 1}


LISTED = [{"id": "x", "variant": "b"}, {"id": "y", "variant": "0"}, {"id": "x", "variant": "a"}]


@pytest.mark.parametrize(
    ("listed", "experiment", "variant"),
    [(LISTED, "x", "a"), (LISTED, "y", "0"), (LISTED, "z", ""), (LISTED, "", ""), (None, "x", "")],
)
def test_the_variant_is_of_the_one_experiment_and_the_smaller_of_two(listed, experiment, variant):
    assert key("paywall_minutes", [shown(experiments=listed)], experiment=experiment)[8] == variant


def revenue(*events):
    return row("paywall_minutes", [shown(), *events])["revenue_usd_micros"]


PAID = (checkout(), purchase(amount=100))
ANSWER = unlock(at=1, method="bundle")


def test_no_revenue_without_an_answer():
    assert revenue(*PAID, reward()) == 0


def test_every_unlock_by_coins_that_answers_brings_the_paid_value_of_its_coins():
    more = [unlock("u1", 1, revenue_usd_micros=5), unlock("u2", 2, revenue_usd_micros=6)]
    assert revenue(*more) == 11


@pytest.mark.parametrize("method", ["ad", "subscription", "bundle", "auto_coins", "free_grant"])
def test_what_other_unlocks_say_about_coins_is_no_revenue(method):
    assert revenue(unlock("u1", 1), unlock("u2", 2, method=method, revenue_usd_micros=5)) == 0


def test_unlocks_of_coins_that_answer_another_impression_bring_nothing_here():
    assert revenue(ANSWER, unlock("u2", 1, names="other", revenue_usd_micros=5)) == 0


@pytest.mark.parametrize(
    ("product", "amount"),
    [("subscription_initial", 100), ("bundle", 100), ("subscription_renewal", 0), ("coin_pack", 0)],
)
def test_first_subscriptions_and_bundles_are_revenue(product, amount):
    assert revenue(checkout(), purchase(product=product), ANSWER) == amount


def test_a_purchase_of_an_order_from_elsewhere_is_none():
    assert revenue(purchase(), ANSWER) == revenue(checkout("o1", "other"), purchase(), ANSWER) == 0


def test_purchases_count_once_per_transaction_by_their_first_event():
    told_again = [purchase(at=1, amount=90), purchase(at=0, amount=80), purchase(transaction="t2", amount=7)]
    assert revenue(checkout(), *told_again, ANSWER) == 87


def test_a_transaction_is_one_within_its_order():
    assert revenue(checkout("o1"), checkout("o2"), purchase("o1"), purchase("o2"), ANSWER) == 200


def test_a_refund_takes_back_and_may_come_before_its_purchase():
    assert revenue(refund(at=-5, amount=-30), *PAID, ANSWER) == 70


def test_refunds_count_once_per_event():
    once, again = refund(amount=-30), refund(amount=-20)
    assert revenue(*PAID, once, once, again, ANSWER) == 50


@pytest.mark.parametrize("other", [refund(transaction="unknown"), refund("o2"), refund(viewer_id="other")])
def test_a_refund_of_anything_else_takes_nothing(other):
    assert revenue(*PAID, other, ANSWER) == 100


def test_a_refund_goes_by_the_product_of_its_purchase():
    assert revenue(checkout(), purchase(product="coin_pack"), refund(product="bundle"), ANSWER) == 0
    assert revenue(checkout(), purchase(product="bundle"), refund(product="coin_pack"), ANSWER) == 0


def test_revenue_may_be_negative():
    assert revenue(*PAID, refund(amount=-150), ANSWER) == -50


def test_an_ad_counts_once_one_of_its_rewards_is_verified():
    assert revenue(reward(verified=False), ANSWER) == 0
    assert revenue(reward(verified=False, revenue=3), reward(at=1, revenue=9), ANSWER) == 3


def test_the_first_reward_names_the_impression():
    assert revenue(reward(impression="other"), reward(at=1), ANSWER) == 0
    assert revenue(reward(impression=None), ANSWER) == 0


def test_ads_with_the_same_event_time_and_id_give_the_smaller_revenue():
    events = [reward(revenue=9, event_id=event_id(1)), reward(revenue=8, event_id=event_id(1))]
    assert revenue(*events, ANSWER) == 8


def test_all_kinds_of_revenue_add_up():
    coins = unlock("u2", 2, revenue_usd_micros=1_000)
    assert revenue(*PAID, refund(amount=-30), reward(revenue=7), ANSWER, coins) == 1_077
