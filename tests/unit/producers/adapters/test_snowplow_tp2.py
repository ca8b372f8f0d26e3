import base64
from uuid import UUID, uuid5

import pytest

from producers.adapters.snowplow_tp2 import translate
from producers.adapters.translation import UntranslatableError
from tests.support.snowplow import body, encoded, entity, payload
from tests.unit.producers.adapters.vocabulary import CONTEXT, RECEIVED_AT, fixture, keeps_the_contract

NAMESPACE = UUID("5d4c9f0e-51f4-4b0b-9c53-0c1f7a3e8b62")
EIGHT = 1_772_395_200_000
ALWAYS = {
    "schema_version": 1,
    "viewer_id": "viewer-1",
    "app_session_id": "session-1",
    "sent_at": EIGHT + 60_000,
    "platform": "web",
    "app_version": "snowplow-media-v2",
    "environment": "production",
    "playback_id": "ms-1",
}


def eid(number):
    return f"00000000-0000-4000-8000-0000000001{number:02d}"


def expected(number, event_type, occurred_ms, **fields):
    return {
        **ALWAYS,
        "event_id": eid(number),
        "event_type": event_type,
        "occurred_at": EIGHT + occurred_ms,
        **fields,
    }


def test_media_events_of_version_2_are_these_events():
    events, ignored = translate(fixture("snowplow_v2.json"), CONTEXT)
    assert events == [
        expected(
            2,
            "play_start",
            1_000,
            series_id="heir",
            episode_no=3,
            episode_id="heir-3",
            duration_ms=92_500,
            is_free=False,
            paywall_no=1,
            start_reason="auto_next",
            start_position_ms=0,
        ),
        expected(
            2,
            "resume",
            1_000,
            event_id=str(uuid5(NAMESPACE, f"snowplow:{eid(2)}:resume")),
            position_ms=0,
            played_ms=0,
            watched_ms=0,
        ),
        expected(3, "heartbeat", 6_000, position_ms=5_004, played_ms=5_000, watched_ms=5_000, rate=1),
        expected(4, "pause", 8_000, position_ms=7_250, played_ms=7_200, watched_ms=7_000),
        expected(5, "heartbeat", 9_000, position_ms=7_250, played_ms=7_200, watched_ms=7_000, rate=1),
        expected(6, "seek", 9_500, position_ms=0, from_ms=0, to_ms=40_000, played_ms=7_200, watched_ms=7_000),
        expected(7, "heartbeat", 10_000, position_ms=40_000, played_ms=7_200, watched_ms=7_000, rate=1),
        expected(8, "heartbeat", 11_000, position_ms=40_000, played_ms=7_200, watched_ms=7_000, rate=1),
        expected(
            9,
            "player_error",
            12_000,
            position_ms=41_000,
            played_ms=8_200,
            watched_ms=8_000,
            code="E522",
            fatal=False,
        ),
        expected(
            10,
            "play_end",
            60_000,
            position_ms=92_500,
            played_ms=60_000,
            watched_ms=59_500,
            end_reason="completed",
        ),
    ]
    assert ignored == 2  # ready, and a page view
    assert all(map(keeps_the_contract, events))


PING = entity("com.snowplowanalytics.snowplow.media/ping_event")
PLAYER = entity(
    "com.snowplowanalytics.snowplow.media/player", currentTime=3, ended=False, paused=False, label="L"
)
SESSION = entity("com.snowplowanalytics.snowplow.media/session", mediaSessionId="m", timePlayed=2.5)
USER = entity("com.snowplowanalytics.snowplow/client_session", userId="u", sessionId="s")


def told(*parts, **params):
    params = {"eid": eid(1), "p": "web", "duid": "d", "sid": "s", "dtm": str(EIGHT)} | params
    params = {name: value for name, value in params.items() if value is not None}
    return translate(body(payload(*parts, **params)), CONTEXT).events


def test_a_mobile_tracker_says_who_and_on_what_in_entities():
    mobile = entity("com.snowplowanalytics.snowplow/mobile_context", osType="ios", osVersion="17")
    app = entity("com.snowplowanalytics.mobile/application", version="4.2", build="77")
    (event,) = told(PING, PLAYER, SESSION, USER, mobile, app, p="mob", duid=None, sid=None)
    assert (event["viewer_id"], event["app_session_id"]) == ("u", "s")
    assert (event["platform"], event["app_version"]) == ("ios", "4.2")
    assert (event["played_ms"], event["position_ms"]) == (2_500, 3_000)
    assert keeps_the_contract(event)


def test_a_true_time_is_true_by_any_clock():
    (event,) = told(PING, PLAYER, SESSION, ttm=str(EIGHT + 7), stm=str(EIGHT))
    assert (event["occurred_at"], event["sent_at"]) == (EIGHT + 7, RECEIVED_AT)


def test_a_medium_of_no_episode_is_a_series_of_one():
    start, _ = told(entity("com.snowplowanalytics.snowplow.media/play_event"), PLAYER, SESSION)
    assert (start["series_id"], start["episode_no"]) == ("L", 1)


def test_an_event_without_a_media_session_is_known_by_page_and_label():
    page = entity("com.snowplowanalytics.snowplow/web_page", id="page-1")
    (event,) = told(PING, PLAYER, page)
    assert event["playback_id"] == "page-1:L"


def test_paywalls_are_self_describing_events_of_the_platform():
    (event,) = told(
        entity(
            "com.dramas/paywall_impression",
            paywall_impression_id="i",
            paywall_id="gate",
            trigger="auto_next",
            series_id="heir",
            episode_no=11,
            duration_ms=90_000,
        )
    )
    assert event["event_type"] == "paywall_impression"
    assert keeps_the_contract(event)


def test_events_of_other_schemas_and_about_ads_are_ignored():
    other = [
        payload(entity("com.dramas/liked")),
        payload(entity("com.snowplowanalytics.snowplow.media/ad_start_event")),
        {"e": "pp"},
        {"e": None},
    ]
    assert translate(body(*other), CONTEXT) == ([], 4)


GOOD = payload(PING, PLAYER, SESSION, eid=eid(1), p="web", duid="d", sid="s")
UNREADABLE = [
    5,
    None,
    [],
    {"e": "ue"},
    {**GOOD, "ue_px": "!!!"},
    {**GOOD, "ue_px": 5},
    {**GOOD, "ue_px": encoded(5)},
    {**GOOD, "ue_px": base64.b64encode(b"[" * 100_000).decode()},
    {**GOOD, "cx": encoded({"data": 5})},
    {**GOOD, "cx": encoded({"data": [5]})},
    {**GOOD, "cx": encoded({"data": [{"schema": 5, "data": {}}]})},
    payload(entity("com.snowplowanalytics.snowplow/media_player_event", type="play"), eid=eid(1)),
]


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_what_cannot_be_read_is_handed_on_to_be_set_aside_and_its_neighbours_count(unreadable):
    events, ignored = translate(body(unreadable, GOOD), CONTEXT)
    assert unreadable in events
    assert (len(events), ignored) == (2, 0)
    assert not keeps_the_contract(unreadable)


@pytest.mark.parametrize("wrong", [None, 5, [], {}, {"schema": "x", "data": []}, {**body(), "data": {}}])
def test_a_body_of_another_form_is_refused(wrong):
    with pytest.raises(UntranslatableError):
        translate(wrong, CONTEXT)
