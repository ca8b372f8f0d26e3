"""Turn webhooks of RevenueCat into the events of payments and unlocks. Pure.

A webhook that is delivered again has its id again, and the event gets its own from it. Both clocks are
those of servers: the time of an event is the time that the webhook names, however late it comes.
"""

from collections.abc import Mapping
from typing import Any

from producers.adapters.fields import Field, as_country, as_is, as_text, at, canonical, default, mapping
from producers.adapters.money import amount, minor_units, usd_micros
from producers.adapters.translation import (
    Context,
    Event,
    Translation,
    UntranslatableError,
    named_id,
    sent_at,
)

VOCABULARY = "revenuecat"
ORDER_MAX_AGE_MS = 24 * 3_600_000
"""How long after its checkout a purchase may belong to the order that the checkout noted."""

EVENTS = {
    "INITIAL_PURCHASE": "purchase",
    "RENEWAL": "purchase",
    "NON_RENEWING_PURCHASE": "purchase",
    "CANCELLATION": "refund",
    "REFUND": "refund",
    "BILLING_ISSUE": "purchase_failed",
    "VIRTUAL_CURRENCY_TRANSACTION": "unlock",
}
"""The webhooks that are read, some of them only if they say what the event is. Every other one is ignored."""

PLATFORMS = {
    "APP_STORE": "ios",
    "MAC_APP_STORE": "ios",
    "PLAY_STORE": "android",
    "AMAZON": "android",
    "ROKU": "tv",
    "STRIPE": "web",
    "RC_BILLING": "web",
    "PADDLE": "web",
    "PROMOTIONAL": "web",
    "TEST_STORE": "web",
}


def _as_platform(store: object) -> object:
    return PLATFORMS.get(store, store) if isinstance(store, str) else store


def _in_small_letters(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _as_experiments(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [
        {"id": at(one, "experiment_id"), "variant": at(one, "experiment_variant")}
        for one in value
        if at(one, "experiment_id") is not None
    ]


FIELDS = {
    "viewer_id": Field(("subscriber_attributes.viewer_id.value", "app_user_id"), as_text),
    "app_session_id": Field(("subscriber_attributes.app_session_id.value",), as_text),
    "occurred_at": Field(("event_timestamp_ms",), as_is),
    "platform": Field(("store",), _as_platform),
    "app_version": Field(("subscriber_attributes.app_version.value",), as_text),
    "country": Field(("country_code",), as_country),
    "environment": Field(("environment", "purchase_environment"), _in_small_letters),
    "experiments": Field(("experiments",), _as_experiments),
    "order_id": Field(("transaction_id",), as_text),
    "transaction_id": Field(("transaction_id",), as_text),
    "currency": Field(("currency",), as_is),
    "store": Field(("store",), _in_small_letters),
    "unlock_id": Field(("virtual_currency_transaction_id", "transaction_id", "id"), as_text),
}
"""Where the fields of the contract stand in the `event` of a webhook."""


def translate(body: object, context: Context) -> Translation:
    """Return the event of a webhook. Raises UntranslatableError for a body without an `event` with an id."""
    webhook = body.get("event") if isinstance(body, dict) else None
    if not isinstance(webhook, dict):
        raise UntranslatableError("a body is an object with an event")
    webhook_id, kind = webhook.get("id"), webhook.get("type")
    if not isinstance(webhook_id, str) or not webhook_id or not isinstance(kind, str):
        raise UntranslatableError("an event has an id and a type")
    event_type = EVENTS.get(kind)
    if event_type is None or not _says_so(event_type, webhook):
        return Translation([], 1)
    properties = webhook.get("metadata") if event_type == "unlock" else None
    event = canonical(event_type, webhook, FIELDS, properties)
    event["event_id"] = named_id(VOCABULARY, webhook_id)
    if event_type == "unlock":
        _spend(event, webhook)
    else:
        _pay(event, webhook, kind)
    event.setdefault("occurred_at", context.received_at_ms)
    event["sent_at"] = sent_at(None, event["occurred_at"], context.received_at_ms)
    default(event, app_session_id=VOCABULARY, app_version=VOCABULARY, environment="production")
    return Translation([event], 0)


def _says_so(event_type: str, webhook: Mapping[str, Any]) -> bool:
    """Whether a cancellation gave money back, and whether coins were spent, on an episode that is named."""
    if event_type == "refund":
        money = amount(webhook.get("price"))
        negative = money is not None and money < 0
        return negative or webhook["type"] == "REFUND" or webhook.get("cancel_reason") == "CUSTOMER_SUPPORT"
    if event_type == "unlock":
        return _coins_spent(webhook) > 0 and "series_id" in mapping(webhook.get("metadata"))
    return True


def _coins_spent(webhook: Mapping[str, Any]) -> int:
    adjustments = webhook.get("adjustments")
    if not isinstance(adjustments, list):
        return 0
    amounts = [at(adjustment, "amount") for adjustment in adjustments]
    return -sum(coins for coins in amounts if type(coins) is int and coins < 0)


def _spend(event: Event, webhook: Mapping[str, Any]) -> None:
    """What the coins once cost no webhook says: without `revenue_usd_micros` in `metadata` it is 0."""
    bonus = event.get("coins_bonus", 0)
    spent = _coins_spent(webhook)
    default(event, method="coins", coins_paid=spent - bonus if type(bonus) is int else spent)


def _pay(event: Event, webhook: Mapping[str, Any], kind: str) -> None:
    """A refund is negative whichever sign came. Prices are told in the currency paid and in dollars."""
    paid, dollars = amount(webhook.get("price_in_purchased_currency")), amount(webhook.get("price"))
    if event["event_type"] == "refund":
        paid, dollars = (None if money is None else -abs(money) for money in (paid, dollars))
    if event["event_type"] == "purchase":
        _date_back(event, webhook.get("purchased_at_ms"))
    order_id = _noted_order(webhook)
    if order_id is not None:
        event["order_id"] = order_id
    default(
        event,
        product_type=_product_type(webhook, kind),
        amount_minor=minor_units(paid, event.get("currency")),
        amount_usd_micros=usd_micros(dollars),
    )


def _date_back(event: Event, bought_at: object) -> None:
    """A store tells of a renewal before it happens and of a purchase after: the earlier time holds."""
    told_at = event.get("occurred_at")
    if type(bought_at) is int and (told_at is None or (type(told_at) is int and bought_at < told_at)):
        event["occurred_at"] = bought_at


def _noted_order(webhook: Mapping[str, Any]) -> object:
    """The order that the app noted at the checkout before this purchase. An older note is stale."""
    note = at(webhook, "subscriber_attributes.order_id")
    noted_at, bought_at = at(note, "updated_at_ms"), webhook.get("purchased_at_ms")
    if type(noted_at) is not int or type(bought_at) is not int:
        return None
    return as_text(at(note, "value")) if 0 <= bought_at - noted_at <= ORDER_MAX_AGE_MS else None


def _product_type(webhook: Mapping[str, Any], kind: str) -> str:
    """Of a refund, what was bought: only a subscription expires, and its first purchase is the original."""
    if kind == "INITIAL_PURCHASE":
        return "subscription_initial"
    if kind in {"RENEWAL", "BILLING_ISSUE"}:
        return "subscription_renewal"
    if kind != "NON_RENEWING_PURCHASE" and webhook.get("expiration_at_ms") is not None:
        first = webhook.get("transaction_id") == webhook.get("original_transaction_id")
        return "subscription_initial" if first else "subscription_renewal"
    return "bundle" if "bundle" in str(webhook.get("product_id")).lower() else "coin_pack"
