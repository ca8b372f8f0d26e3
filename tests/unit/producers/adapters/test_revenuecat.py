from uuid import UUID, uuid5

import pytest

from producers.adapters.revenuecat import translate
from producers.adapters.translation import Context, UntranslatableError
from tests.unit.producers.adapters.vocabulary import (
    CONTEXT,
    RECEIVED_AT,
    complaints,
    fixture,
    keeps_the_contract,
)

NAMESPACE = UUID("5d4c9f0e-51f4-4b0b-9c53-0c1f7a3e8b62")
COMMON = {
    "schema_version": 1,
    "viewer_id": "viewer-1",
    "app_session_id": "session-1",
    "sent_at": RECEIVED_AT,
    "app_version": "revenuecat",
    "environment": "production",
    "country": "CA",
    "platform": "ios",
    "experiments": [{"id": "prexp1", "variant": "b"}],
}


def event_of(name):
    (event,), ignored = translate(fixture(name), CONTEXT)
    assert ignored == 0
    return event


def test_a_pack_of_coins_is_this_purchase():
    event = event_of("revenuecat_coins.json")
    assert event == {
        **COMMON,
        "event_type": "purchase",
        "event_id": str(uuid5(NAMESPACE, "revenuecat:CD489E0E-5D52-4E03-966B-A7F17788E432")),
        "occurred_at": 1_772_395_319_000,
        "order_id": "order-9",
        "transaction_id": "123456789012345",
        "product_type": "coin_pack",
        "currency": "CAD",
        "amount_minor": 3_299,
        "amount_usd_micros": 25_487_000,
        "store": "app_store",
    }
    assert keeps_the_contract(event)


def test_a_renewal_told_before_it_happens_is_as_old_as_the_telling():
    event = event_of("revenuecat_renewal.json")
    assert event == {
        **COMMON,
        "event_type": "purchase",
        "event_id": str(uuid5(NAMESPACE, "revenuecat:E8F1-renewal")),
        "occurred_at": 1_772_395_405_017,
        "country": "JP",
        "platform": "android",
        "order_id": "order-9",
        "transaction_id": "2000001",
        "product_type": "subscription_renewal",
        "currency": "JPY",
        "amount_minor": 1_200,
        "amount_usd_micros": 7_990_000,
        "store": "play_store",
    }
    assert keeps_the_contract(event)


def test_a_refund_is_negative_and_names_the_order_and_transaction_of_its_purchase():
    event = event_of("revenuecat_refund.json")
    late = {"occurred_at": 1_772_396_000_000, "sent_at": 1_772_396_000_000}
    assert event == {
        **COMMON,
        **late,
        "event_type": "refund",
        "event_id": str(uuid5(NAMESPACE, "revenuecat:E8F1-refund")),
        "environment": "sandbox",
        "order_id": "order-9",
        "transaction_id": "123456789012345",
        "product_type": "coin_pack",
        "currency": "CAD",
        "amount_minor": -3_299,
        "amount_usd_micros": -25_487_000,
        "store": "app_store",
    }
    assert keeps_the_contract(event)


def test_coins_spent_on_an_episode_are_this_unlock():
    event = event_of("revenuecat_spent.json")
    assert event == {
        "schema_version": 1,
        "event_type": "unlock",
        "event_id": str(uuid5(NAMESPACE, "revenuecat:E8F1-spent")),
        "viewer_id": "viewer-1",
        "app_session_id": "revenuecat",
        "occurred_at": 1_772_395_400_000,
        "sent_at": RECEIVED_AT,
        "platform": "android",
        "app_version": "revenuecat",
        "environment": "production",
        "country": "US",
        "unlock_id": "vatx-1",
        "method": "coins",
        "coins_paid": 50,
        "coins_bonus": 10,
        "series_id": "heir",
        "episode_no": 11,
        "duration_ms": 92_500,
        "paywall_no": 1,
        "is_free": False,
        "paywall_impression_id": "imp-5",
    }
    assert keeps_the_contract(event)


def test_who_only_ends_a_subscription_gets_no_money_back():
    assert translate(fixture("revenuecat_unsubscribed.json"), CONTEXT) == ([], 1)


@pytest.mark.parametrize("name", ["coins", "renewal", "refund", "spent"])
def test_a_webhook_delivered_again_is_the_same_event_at_the_same_time(name):
    body = fixture(f"revenuecat_{name}.json")
    later = Context(RECEIVED_AT + 9_600_000)
    (first,), (again,) = translate(body, CONTEXT).events, translate(body, later).events
    differing = {field for field in first if first[field] != again[field]}
    assert differing <= {"sent_at"}
    for event, context in ((first, Context(1_772_397_000_000)), (again, later)):
        received_at = max(context.received_at_ms, event["sent_at"])
        told_at = event["occurred_at"]
        assert received_at - (max(received_at, told_at) - told_at) == told_at


def webhook(kind, **fields):
    event = {
        "id": "w-1",
        "type": kind,
        "event_timestamp_ms": 1_772_395_322_314,
        "app_user_id": "v",
        "store": "STRIPE",
        "transaction_id": "t-1",
        "price": 4.99,
        "currency": "USD",
        "price_in_purchased_currency": 4.99,
    }
    return translate({"event": event | fields}, CONTEXT)


def test_a_first_purchase_of_a_subscription_is_initial_and_a_failed_charge_fails():
    (initial,), _ = webhook("INITIAL_PURCHASE")
    assert (initial["event_type"], initial["product_type"]) == ("purchase", "subscription_initial")
    assert initial["platform"] == "web"
    (failed,), _ = webhook("BILLING_ISSUE")
    assert (failed["event_type"], failed["product_type"]) == ("purchase_failed", "subscription_renewal")
    assert keeps_the_contract(initial)
    assert keeps_the_contract(failed)


def test_a_trial_costs_nothing():
    (event,), _ = webhook("INITIAL_PURCHASE", period_type="TRIAL", price=0, price_in_purchased_currency=0)
    assert (event["amount_minor"], event["amount_usd_micros"]) == (0, 0)


def test_a_product_that_calls_itself_a_bundle_is_one():
    (event,), _ = webhook("NON_RENEWING_PURCHASE", product_id="heir_Bundle_all")
    assert event["product_type"] == "bundle"


@pytest.mark.parametrize(
    ("original", "product_type"), [("t-1", "subscription_initial"), ("t-0", "subscription_renewal")]
)
def test_a_refund_of_a_subscription_says_which_purchase_it_was(original, product_type):
    (event,), _ = webhook(
        "CANCELLATION",
        price=-4.99,
        expiration_at_ms=1_772_999_999_999,
        original_transaction_id=original,
    )
    assert event["product_type"] == product_type


@pytest.mark.parametrize(
    "told", [{"kind": "REFUND"}, {"kind": "CANCELLATION", "cancel_reason": "CUSTOMER_SUPPORT"}]
)
def test_money_that_goes_back_is_negative_whichever_sign_came(told):
    (event,), _ = webhook(**told, price=4.99, price_in_purchased_currency=4.99)
    assert (event["event_type"], event["amount_minor"]) == ("refund", -499)
    assert event["amount_usd_micros"] == -4_990_000
    assert keeps_the_contract(event)


def test_a_price_that_is_not_known_is_set_aside():
    (event,), _ = webhook("INITIAL_PURCHASE", price=None, price_in_purchased_currency=None)
    assert complaints(event) == {"amount_usd_micros"}


@pytest.mark.parametrize(
    ("noted_ms_before", "order"), [(0, "o"), (86_400_000, "o"), (86_400_001, "t-1"), (-1, "t-1")]
)
def test_an_order_noted_at_a_checkout_holds_for_a_day(noted_ms_before, order):
    bought_at = 1_772_395_319_000
    noted = {"order_id": {"value": "o", "updated_at_ms": bought_at - noted_ms_before}}
    (event,), _ = webhook("NON_RENEWING_PURCHASE", purchased_at_ms=bought_at, subscriber_attributes=noted)
    assert event["order_id"] == order


def test_coins_that_were_granted_or_spent_elsewhere_are_ignored():
    granted = [{"amount": 100, "currency": {"code": "COIN"}}]
    spent = [{"amount": -100, "currency": {"code": "COIN"}}]
    episode = {"series_id": "heir"}
    assert webhook("VIRTUAL_CURRENCY_TRANSACTION", adjustments=granted, metadata=episode) == ([], 1)
    assert webhook("VIRTUAL_CURRENCY_TRANSACTION", adjustments=spent) == ([], 1)
    (event,), _ = webhook("VIRTUAL_CURRENCY_TRANSACTION", adjustments=spent, metadata=episode)
    assert complaints(event) == {"episode_no", "duration_ms"}


@pytest.mark.parametrize("kind", ["TEST", "TRANSFER", "EXPIRATION", "UNCANCELLATION", "SOMETHING_NEW"])
def test_other_webhooks_are_ignored(kind):
    assert webhook(kind) == ([], 1)


@pytest.mark.parametrize(
    "body", [None, 5, [], {}, {"event": 5}, {"event": {"type": "TEST"}}, {"event": {"id": "x"}}]
)
def test_a_body_of_another_form_is_refused(body):
    with pytest.raises(UntranslatableError):
        translate(body, CONTEXT)
