import copy
import random
from uuid import UUID, uuid5

import pytest

from producers.adapters.segment import translate
from producers.adapters.translation import UntranslatableError
from tests.unit.producers.adapters.vocabulary import (
    CONTEXT,
    RECEIVED_AT,
    complaints,
    fixture,
    keeps_the_contract,
)

NAMESPACE = UUID("5d4c9f0e-51f4-4b0b-9c53-0c1f7a3e8b62")  # another would tell every repeated message twice
EIGHT = 1_772_395_200_000  # 2026-03-01T20:00:00Z
ALWAYS = {
    "schema_version": 1,
    "viewer_id": "anon-1",
    "app_session_id": "s-77",
    "sent_at": EIGHT + 60_000,
    "platform": "ios",
    "app_version": "4.2.0",
    "environment": "production",
    "playback_id": "s-77:ep-3",
}


def expected(number, event_type, occurred_ms, **fields):
    return {
        **ALWAYS,
        "event_id": f"00000000-0000-4000-8000-0000000000{number:02d}",
        "event_type": event_type,
        "occurred_at": EIGHT + occurred_ms,
        **fields,
    }


EXPECTED = [
    expected(
        2,
        "play_start",
        1_250,
        series_id="The Heir:2",
        episode_no=3,
        episode_id="ep-3",
        duration_ms=92_000,
        is_free=False,
        paywall_no=1,
        start_reason="next_swipe",
        start_position_ms=0,
    ),
    expected(3, "heartbeat", 6_250, position_ms=5_000, played_ms=5_000, watched_ms=5_000),
    expected(4, "pause", 8_000, position_ms=7_000),
    expected(5, "resume", 10_000, position_ms=7_000),
    expected(6, "seek", 11_000, position_ms=8_000, from_ms=8_000, to_ms=40_000),
    expected(8, "heartbeat", 12_000, position_ms=40_000, bitrate_kbps=900),
    expected(9, "heartbeat", 13_000, position_ms=40_000, bitrate_kbps=900),
    expected(11, "play_end", 20_000, position_ms=47_000, end_reason="error"),
    expected(12, "play_end", 59_000, position_ms=92_000, end_reason="completed"),
]


def test_a_batch_of_the_video_spec_is_these_events():
    translation = translate(fixture("segment_batch.json"), CONTEXT)
    assert translation.events == EXPECTED
    assert translation.ignored == 4  # playback started, seek completed, an ad, an identify
    assert all(map(keeps_the_contract, translation.events))


def test_a_single_track_of_a_page_is_this_event():
    (event,), ignored = translate(fixture("segment_track.json"), CONTEXT)
    assert event == {
        "schema_version": 1,
        "event_type": "heartbeat",
        "event_id": str(uuid5(NAMESPACE, "segment:ajs-next-1772395200000-0f4c9c2e")),
        "viewer_id": "anon-2",
        "app_session_id": "s-9",
        "occurred_at": EIGHT - 3_600_000 + 5_500,
        "sent_at": EIGHT - 3_600_000 + 6_000,
        "platform": "web",
        "app_version": "segment",
        "environment": "production",
        "playback_id": "s-9:ep-1",
        "position_ms": 4_500,
        "bitrate_kbps": 810,
    }
    assert ignored == 0
    assert keeps_the_contract(event)


def test_a_message_delivered_again_is_the_same_event():
    body = fixture("segment_track.json")
    again = {**body, "sentAt": "2026-03-01T19:10:00.000Z"}
    ids = [translate(b, CONTEXT).events[0]["event_id"] for b in (body, again)]
    assert ids[0] == ids[1]
    nameless = [{k: v for k, v in b.items() if k != "messageId"} for b in (body, again)]
    ids = [translate(b, CONTEXT).events[0]["event_id"] for b in nameless]
    assert ids[0] == ids[1]
    assert translate({**nameless[0], "anonymousId": "other"}, CONTEXT).events[0]["event_id"] != ids[0]


def test_the_order_of_messages_changes_no_event():
    body = fixture("segment_batch.json")
    random.Random(5).shuffle(body["batch"])
    shuffled = translate(body, CONTEXT).events
    assert sorted(shuffled, key=lambda e: e["event_id"]) == EXPECTED


def test_reading_leaves_the_body_as_it_was():
    body = fixture("segment_batch.json")
    before = copy.deepcopy(body)
    translate(body, CONTEXT)
    assert body == before


def told(event="Video Content Started", message=None, **properties):
    message = {"messageId": "m", "anonymousId": "a", "timestamp": EIGHT, "event": event} | (message or {})
    (translated,), _ = translate(message | {"properties": properties}, CONTEXT)
    return translated


def test_an_asset_of_no_program_is_a_series_of_one_episode():
    event = told(session_id="s", asset_id="clip", total_length=60, position=0, platform="tv")
    assert (event["series_id"], event["episode_no"]) == ("clip", 1)
    assert keeps_the_contract(event)


def test_a_program_without_an_episode_is_set_aside():
    event = told(session_id="s", asset_id="x", program="Show", total_length=60, position=0, platform="tv")
    assert complaints(event) == {"episode_no"}


def test_a_live_stream_has_no_duration_and_is_set_aside():
    event = told(session_id="s", asset_id="x", total_length=None, position=0, platform="tv")
    assert complaints(event) == {"duration_ms"}


def test_a_property_with_the_name_of_a_field_goes_first():
    event = told(
        session_id="s",
        asset_id="x",
        program="Show",
        series_id="show-1",
        episode_no=4,
        episode="9",
        platform="tv",
    )
    assert (event["series_id"], event["episode_no"]) == ("show-1", 4)


@pytest.mark.parametrize("field", ["event_id", "viewer_id", "occurred_at", "sent_at", "received_at"])
def test_no_property_says_who_or_when(field):
    plain = told(session_id="s", asset_id="x")
    assert told(session_id="s", asset_id="x", **{field: "forged"}) == plain


def test_a_message_without_sent_at_is_as_old_as_it_says():
    event = told(session_id="s", position=1)
    assert (event["occurred_at"], event["sent_at"]) == (EIGHT, RECEIVED_AT)


def test_a_stall_of_a_length_that_is_told_is_a_stall():
    event = told("Video Playback Buffer Completed", session_id="s", position=1, stalled_ms=900)
    assert (event["event_type"], event["stalled_ms"]) == ("stall", 900)


def test_a_seek_to_nowhere_says_only_where_the_play_is():
    event = told("Video Playback Seek Started", session_id="s", position=1)
    assert (event["event_type"], event["position_ms"]) == ("heartbeat", 1_000)


def test_paywalls_come_by_the_names_of_the_contract():
    event = told(
        "Paywall Impression",
        platform="android",
        paywall_impression_id="i-1",
        paywall_id="gate",
        trigger="auto_next",
        series_id="heir",
        episode_no=11,
        duration_ms=90_000,
    )
    assert (event["event_type"], event["trigger"]) == ("paywall_impression", "auto_next")
    assert keeps_the_contract(event)


def test_a_platform_that_is_not_told_is_set_aside_not_guessed():
    assert complaints(told("Video Content Playing", session_id="s", position=1)) == {"platform"}


def test_names_in_snake_case_are_the_same_names():
    assert told("video_content_playing", session_id="s", position=1)["event_type"] == "heartbeat"


@pytest.mark.parametrize("unreadable", [None, 5, "text", [], {"event": 7}, {"event": None}])
def test_what_is_no_message_is_handed_on_to_be_set_aside(unreadable):
    events, ignored = translate({"batch": [unreadable]}, CONTEXT)
    assert (events, ignored) == ([unreadable], 0)
    assert not keeps_the_contract(unreadable)


@pytest.mark.parametrize("body", [None, 5, "text", [], {"batch": {}}, {"batch": None}])
def test_a_body_of_another_form_is_refused(body):
    with pytest.raises(UntranslatableError):
        translate(body, CONTEXT)
