from uuid import UUID

import pytest

from producers.adapters.ga4 import translate
from producers.adapters.translation import UntranslatableError
from tests.unit.producers.adapters.vocabulary import (
    CONTEXT,
    RECEIVED_AT,
    complaints,
    fixture,
    keeps_the_contract,
)

EIGHT = 1_772_395_200_000
ALWAYS = {
    "schema_version": 1,
    "viewer_id": "1234.5678",
    "sent_at": RECEIVED_AT,
    "app_version": "ga4",
    "environment": "production",
}


def without_ids(event):
    hidden = {"event_id", "playback_id"}
    return {name: value for name, value in event.items() if name not in hidden}


def test_video_events_are_these_events():
    events, ignored = translate(fixture("ga4_video.json"), CONTEXT)
    video = {**ALWAYS, "app_session_id": "1772395100", "platform": "android", "country": "US"}
    assert [without_ids(event) for event in events] == [
        {
            **video,
            "event_type": "play_start",
            "occurred_at": EIGHT,
            "series_id": "heir",
            "episode_no": 3,
            "duration_ms": 92_000,
            "is_free": False,
            "paywall_no": 1,
            "start_reason": "tap",
            "start_position_ms": 0,
        },
        {
            **video,
            "event_type": "heartbeat",
            "occurred_at": EIGHT + 23_000,
            "position_ms": 23_000,
            "played_ms": 23_000,
            "watched_ms": 23_000,
        },
        {
            **video,
            "event_type": "play_end",
            "occurred_at": EIGHT + 92_000,
            "position_ms": 92_000,
            "end_reason": "completed",
        },
    ]
    assert ignored == 1  # page_view
    assert len({event["playback_id"] for event in events}) == 1
    assert len({UUID(event["event_id"]) for event in events}) == 3
    assert all(map(keeps_the_contract, events))


def test_purchases_and_refunds_are_these_events():
    events, _ = translate(fixture("ga4_purchase.json"), CONTEXT)
    paid = {**ALWAYS, "platform": "web", "occurred_at": EIGHT + 100_000}
    first = {"order_id": "T-1", "transaction_id": "T-1", "currency": "USD", "product_type": "coin_pack"}
    second = {"order_id": "T-2", "transaction_id": "T-2", "currency": "JPY", "product_type": "bundle"}
    assert [without_ids(event) for event in events] == [
        paid
        | first
        | {"event_type": "purchase", "app_session_id": "1772395100"}
        | {"amount_minor": 999, "amount_usd_micros": 9_990_000},
        paid
        | second
        | {"event_type": "purchase", "app_session_id": "ga4"}
        | {"amount_minor": 1_200, "amount_usd_micros": 7_990_000},
        paid
        | first
        | {"event_type": "refund", "app_session_id": "ga4"}
        | {"amount_minor": -999, "amount_usd_micros": -9_990_000},
    ]
    assert all(map(keeps_the_contract, events))


def test_the_same_body_delivered_again_is_the_same_events():
    first = translate(fixture("ga4_video.json"), CONTEXT)
    assert translate(fixture("ga4_video.json"), CONTEXT) == first


def told(name="video_start", body=None, **params):
    body = {"client_id": "c", "timestamp_micros": EIGHT * 1_000} | (body or {})
    (event,), _ = translate(body | {"events": [{"name": name, "params": params}]}, CONTEXT)
    return event


def test_another_client_or_time_is_another_event():
    ids = {
        told(video_title="a")["event_id"],
        told(video_title="a", body={"client_id": "d"})["event_id"],
        told(video_title="a", body={"timestamp_micros": EIGHT * 1_000 + 1})["event_id"],
    }
    assert len(ids) == 3


def test_an_event_without_a_time_is_as_old_as_its_request():
    assert told(body={"timestamp_micros": None})["occurred_at"] == RECEIVED_AT


def test_a_clock_that_runs_ahead_makes_no_unusable_event():
    ahead = (RECEIVED_AT + 5_000) * 1_000
    event = told("video_progress", video_title="a", video_current_time=1, body={"timestamp_micros": ahead})
    assert event["sent_at"] == event["occurred_at"] == RECEIVED_AT + 5_000
    assert keeps_the_contract(event)


def test_a_video_of_no_series_is_a_series_of_one_episode():
    event = told(video_title="Clip", video_duration="30.5", video_current_time="0")
    assert (event["series_id"], event["episode_no"], event["duration_ms"]) == ("Clip", 1, 30_500)
    assert keeps_the_contract(event)


def test_a_series_without_an_episode_is_set_aside():
    event = told(video_title="Clip", video_duration=30, video_current_time=0, series_id="heir")
    assert complaints(event) == {"episode_no"}


def test_an_app_that_does_not_say_its_platform_is_set_aside():
    event = told("video_progress", video_title="a", video_current_time=1, body={"app_instance_id": "i"})
    assert complaints(event) == {"platform"}


def test_what_is_debugged_is_internal():
    assert told(video_title="a", debug_mode=1)["environment"] == "internal"


def test_a_price_in_another_currency_needs_its_dollars():
    assert complaints(told("purchase", transaction_id="t", value=5, currency="EUR")) == {"amount_usd_micros"}


@pytest.mark.parametrize("unreadable", [None, 5, [], {}, {"name": 5}])
def test_what_is_no_event_is_handed_on_to_be_set_aside(unreadable):
    assert translate({"events": [unreadable]}, CONTEXT) == ([unreadable], 0)


@pytest.mark.parametrize("body", [None, 5, [], {}, {"events": {}}])
def test_a_body_of_another_form_is_refused(body):
    with pytest.raises(UntranslatableError):
        translate(body, CONTEXT)
