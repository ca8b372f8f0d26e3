"""Turn bodies like those of the GA4 Measurement Protocol, with its video events, into our events. Pure.

The protocol numbers no message: one is known by its client, its time and all that it says. It has no
time of sending either: `timestamp_micros` is taken as a true time; without one the event is as old as
its request.
"""

from collections.abc import Mapping
from typing import Any

from producers.adapters.fields import (
    PLATFORM_EVENTS,
    Field,
    as_country,
    as_is,
    as_milliseconds,
    as_text,
    canonical,
    default,
    joined,
    mapping,
)
from producers.adapters.money import amount, minor_units, usd_micros
from producers.adapters.translation import (
    Context,
    Event,
    Translation,
    UntranslatableError,
    event_id,
    fingerprint,
    messages_of,
    named_id,
    sent_at,
)

VOCABULARY = "ga4"
_MICROS_DIGITS = 19
_LONGEST_NAME = 16_384  # three addresses

EVENTS = {
    "video_start": "play_start",
    "video_progress": "heartbeat",
    "video_complete": "play_end",
    "purchase": "purchase",
    "refund": "refund",
    **{name: name for name in PLATFORM_EVENTS},
}
"""The events that are read. Every other one is ignored."""

PLATFORMS = {
    "ios": "ios",
    "ipados": "ios",
    "android": "android",
    "tvos": "tv",
    "android tv": "tv",
    "smart tv": "tv",
    "web": "web",
    "desktop": "web",
    "windows": "web",
    "macos": "web",
    "linux": "web",
    "chrome os": "web",
}


def _as_platform(value: object) -> object:
    return PLATFORMS.get(value.lower(), value) if isinstance(value, str) else value


def _as_milliseconds(micros: object) -> object:
    if isinstance(micros, str) and micros.isdecimal() and len(micros) <= _MICROS_DIGITS:
        micros = int(micros)
    return micros // 1000 if type(micros) is int else micros


FIELDS = {
    "viewer_id": Field(("client_id", "app_instance_id", "user_id"), as_text),
    "app_session_id": Field(("params.ga_session_id", "params.session_id"), as_text),
    "occurred_at": Field(("event.timestamp_micros", "timestamp_micros"), _as_milliseconds),
    "platform": Field(("device.operating_system", "device.category"), _as_platform),
    "country": Field(("user_location.country_id",), as_country),
    "series_id": Field(("params.video_title",), as_text),
    "duration_ms": Field(("params.video_duration",), as_milliseconds),
    "start_position_ms": Field(("params.video_current_time",), as_milliseconds),
    "position_ms": Field(("params.video_current_time",), as_milliseconds),
    "transaction_id": Field(("params.transaction_id",), as_text),
    "order_id": Field(("params.transaction_id",), as_text),
    "currency": Field(("params.currency",), as_is),
}
"""Where the fields of the contract stand: in the body, in the `event`, or in its `params`."""

PAYMENTS = ("purchase", "refund")


def translate(body: object, context: Context) -> Translation:
    """Return the events of a body. Raises UntranslatableError for one without a list of `events`."""
    if not isinstance(body, dict):
        raise UntranslatableError("a body is an object")
    messages = messages_of(body.get("events"), "events", context)
    shared = {name: value for name, value in body.items() if name != "events"}
    around = fingerprint(shared)  # once: what stands around many events is as long as its sender likes
    translation = Translation([], 0)
    ignored = 0
    for told in messages:
        events = _events(told, shared, around, context)
        translation.events.extend(events)
        ignored += not events
    return translation._replace(ignored=ignored)


def _events(told: object, shared: Mapping[str, Any], around: str, context: Context) -> list[Any]:
    """The event that is told, as it came when it cannot be read, nothing when it says nothing."""
    if not isinstance(told, dict) or not isinstance(told.get("name"), str):
        return [told]
    event_type = EVENTS.get(told["name"])
    if event_type is None:
        return []
    params = mapping(told.get("params"))
    message = {**shared, "event": told, "params": params}
    event = canonical(event_type, message, FIELDS, params)
    event["event_id"] = event_id(VOCABULARY, params.get("event_id"), {"around": around, "event": told})
    event.setdefault("occurred_at", context.received_at_ms)
    event["sent_at"] = sent_at(None, event["occurred_at"], context.received_at_ms)
    default(
        event,
        app_session_id=VOCABULARY,  # not the viewer: only `viewer_id` is veiled at the door
        platform=None if "app_instance_id" in shared else "web",
        app_version=VOCABULARY,
        environment="internal" if params.get("debug_mode") else "production",
        start_reason="tap",
        end_reason="completed",
        playback_id=_playback_id(event, params),
    )
    if "series_id" not in params and "episode_no" not in params:
        default(event, episode_no=1)
    if event_type in PAYMENTS:
        _pay(event, params)
    return [event]


def _playback_id(event: Event, params: Mapping[str, Any]) -> object:
    """One video on one page in one session. Addresses are long and say much, so they are hashed."""
    video = params.get("video_url", params.get("video_title"))
    named = joined(event.get("app_session_id"), params.get("page_location"), video)
    if video is None or not isinstance(named, str) or len(named) > _LONGEST_NAME:
        return None
    return named_id(VOCABULARY, named)


def _pay(event: Event, params: Mapping[str, Any]) -> None:
    """`value` in `currency`; only dollars are dollars, the rest says the platform (`amount_usd_micros`)."""
    money = amount(params.get("value"))
    if money is not None and event["event_type"] == "refund":
        money = -abs(money)
    default(
        event,
        product_type="coin_pack",
        amount_minor=minor_units(money, event.get("currency")),
        amount_usd_micros=usd_micros(money) if event.get("currency") == "USD" else None,
    )
