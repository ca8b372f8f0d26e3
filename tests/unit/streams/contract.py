"""An example of every event of the contract, all fields given, and what the models say about a line."""

import json
from typing import Any, get_args

from pydantic import ValidationError

from schemas.events import EVENT, Event
from schemas.reasons import Reason
from streams.lines import AnyLine

NOON = 1_699_963_200_000

MODELS = {
    get_args(model.model_fields["event_type"].annotation)[0]: model for model in get_args(get_args(Event)[0])
}
LINES = {line.__struct_config__.tag: line for line in get_args(AnyLine)}

_ENVELOPE: dict[str, Any] = {
    "schema_version": 1,
    "event_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "viewer_id": "viewer 1",
    "occurred_at": NOON,
    "sent_at": NOON + 5,
    "received_at": NOON + 9,
}
_COMMON = _ENVELOPE | {
    "app_session_id": "session",
    "platform": "ios",
    "environment": "production",
    "app_version": "1.2.3",
    "country": "US",
    "experiments": [{"id": "x", "variant": "a"}],
    "acquisition": {"channel": "ads", "campaign": "spring"},
    "installed_at": NOON - 5,
    "payer_state": "never",
}
_CONTENT = _COMMON | {
    "series_id": "series",
    "episode_no": 3,
    "duration_ms": 60_000,
    "is_free": False,
    "paywall_no": 1,
    "episode_id": "episode",
    "audio_language": "en",
}
_PROGRESS = _COMMON | {
    "playback_id": "play",
    "position_ms": 30_000,
    "played_ms": 30_000,
    "watched_ms": 29_000,
}
_PAYMENT = _COMMON | {
    "order_id": "order",
    "transaction_id": "transaction",
    "product_type": "bundle",
    "currency": "USD",
    "store": "apple",
    "amount_minor": 499,
    "amount_usd_micros": 4_990_000,
}
_OFFER = {"offer_id": "offer", "method": "coins", "amount_minor": 99, "currency": "USD", "coins": 10}

EXAMPLES: dict[str, dict[str, Any]] = {
    "play_start": _CONTENT | {"playback_id": "play", "start_reason": "tap", "start_position_ms": 0},
    "heartbeat": _PROGRESS | {"foreground": True, "rate": 1.5, "bitrate_kbps": 800, "buffered_ms": 9},
    "pause": _PROGRESS,
    "resume": _PROGRESS,
    "seek": _PROGRESS | {"from_ms": 1, "to_ms": 2},
    "stall": _PROGRESS | {"stalled_ms": 3},
    "player_error": _PROGRESS | {"code": "decoder", "fatal": False},
    "play_end": _PROGRESS | {"end_reason": "exit"},
    "paywall_impression": _CONTENT
    | {
        "paywall_impression_id": "impression",
        "paywall_id": "wall",
        "trigger": "auto_next",
        "offers": [_OFFER],
        "coin_price": 5,
        "coin_balance": 0,
    },
    "paywall_dismiss": _COMMON | {"paywall_impression_id": "impression", "dwell_ms": 900},
    "checkout_start": _COMMON
    | {"paywall_impression_id": "impression", "order_id": "order", "offer_id": "offer"},
    "purchase": _PAYMENT,
    "purchase_failed": _PAYMENT,
    "refund": _PAYMENT | {"amount_minor": -499, "amount_usd_micros": -4_990_000},
    "ad_reward": _COMMON
    | {
        "ad_session_id": "ad",
        "verified": True,
        "revenue_usd_micros": 20_000,
        "paywall_impression_id": "impression",
    },
    "unlock": _CONTENT
    | {
        "unlock_id": "unlock",
        "method": "coins",
        "coins_paid": 5,
        "coins_bonus": 1,
        "revenue_usd_micros": 50_000,
        "paywall_impression_id": "impression",
    },
    "viewer_deletion": _ENVELOPE | {"requested_at": NOON},
}
for _name, _example in EXAMPLES.items():
    EXAMPLES[_name] = {"event_type": _name} | _example

_RANK = {reason: rank for rank, reason in enumerate(Reason)}
_OF_SYNTAX = {
    "json_invalid": Reason.NOT_JSON,
    "dict_type": Reason.NOT_AN_OBJECT,
    "union_tag_not_found": Reason.MISSING_FIELD,
    "missing": Reason.MISSING_FIELD,
}
_OF_A_VALUE = {
    "too_long", "string_too_short", "string_too_long", "string_pattern_mismatch", "greater_than",
    "greater_than_equal", "less_than_equal", "value_error", "int_parsing_size",
}  # fmt: skip


def line_of(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def verdict_of_the_contract(line: bytes) -> Any:
    """The event that the models read in a line, or the first reason that follows from their errors."""
    try:
        return EVENT.validate_json(line)
    except ValidationError as error:
        return min((_reason(e) for e in error.errors()), key=_RANK.__getitem__)


def _reason(error: Any) -> Reason:  # noqa: PLR0911
    kind, value, field = error["type"], error["input"], error["loc"][-1:]
    if "clock_unusable" in error["msg"]:
        return Reason.CLOCK_UNUSABLE
    if kind in _OF_SYNTAX:
        return _OF_SYNTAX[kind]
    if field == ("schema_version",) and type(value) is int:
        return Reason.UNKNOWN_SCHEMA_VERSION
    if kind == "union_tag_invalid":
        value = value["event_type"]
        kinds = {str: Reason.UNKNOWN_EVENT_TYPE, type(None): Reason.MISSING_FIELD}
        return kinds.get(type(value), Reason.WRONG_TYPE)
    if value is None:
        return Reason.MISSING_FIELD
    if kind == "literal_error":
        return (
            Reason.INVALID_VALUE
            if isinstance(value, str) and field != ("schema_version",)
            else Reason.WRONG_TYPE
        )
    return Reason.INVALID_VALUE if kind in _OF_A_VALUE else Reason.WRONG_TYPE
