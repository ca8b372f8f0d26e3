import base64
import csv
import json
import os
import random
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from producers.adapters.snowplow_tp2 import translate
from producers.adapters.translation import Context, UntranslatableError
from producers.replayer import Format, read
from tests.oracle.oracle import diff, tables
from tests.unit.producers.adapters.vocabulary import CONTEXT, RECEIVED_AT, fixture, keeps_the_contract

RECORDED = Path(__file__).parents[4] / ".." / "shared" / "fixtures" / "snowplow_media_v1"
NAMESPACE = UUID("5d4c9f0e-51f4-4b0b-9c53-0c1f7a3e8b62")
SNOWPLOW = "iglu:com.snowplowanalytics.snowplow"
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


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def payload(event, *entities, **params):
    described = {"schema": f"{SNOWPLOW}/unstruct_event/jsonschema/1-0-0", "data": event}
    around = {"schema": f"{SNOWPLOW}/contexts/jsonschema/1-0-0", "data": list(entities)}
    return {"e": "ue", "ue_px": encoded(described), "cx": encoded(around), **params}


def body(*payloads):
    return {"schema": f"{SNOWPLOW}/payload_data/jsonschema/1-0-4", "data": list(payloads)}


def entity(schema, **data):
    return {"schema": f"iglu:{schema}/jsonschema/1-0-0", "data": data}


def as_the_tracker_sent(record):
    """The request payload from which the pipeline of the makers made this record."""
    player = record["media_player"]
    player = {
        "currentTime": float(player["current_time"]),
        "duration": float(player["duration"]),
        "playbackRate": float(player["playback_rate"]),
    }
    return payload(
        entity("com.snowplowanalytics.snowplow/media_player_event", **record["media_player_event"]),
        entity("com.snowplowanalytics.snowplow/web_page", id=record["page_view_id"]),
        entity("com.snowplowanalytics.snowplow/media_player", **player),
        entity("org.whatwg/media_element", htmlId=record["media_id"]),
        eid=record["event_id"],
        p=record["platform"],
        duid=record["domain_userid"],
        sid=record["domain_sessionid"],
        dtm=str(moment(record["dvce_created_tstamp"])),
        stm=str(moment(record["dvce_sent_tstamp"])),
    )


def moment(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def records():
    if not RECORDED.is_dir():
        reason = f"the published events are not at {RECORDED}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    lines = (RECORDED / "events.jsonl").read_text().splitlines()
    read_in_order = map(json.loads, lines)
    return sorted(read_in_order, key=lambda r: (r["collector_tstamp"], r["dvce_created_tstamp"]))


@pytest.fixture(scope="module")
def replayed(records):
    deliveries = read(RECORDED / "events.jsonl", Format.SNOWPLOW_MEDIA_V1)
    return [json.loads(delivery.line) for delivery in deliveries]


def received(requests):
    """What enters the topic: the collector sets `received_at`."""
    for at_ms, request in requests:
        events, ignored = translate(request, Context(at_ms))
        assert ignored == 0
        yield from ({**event, "received_at": at_ms} for event in events)


def usable(events):
    return [event for event in events if event["sent_at"] >= event["occurred_at"]]


def a_request_per_page_view(records):
    """A tracker that sends what it kept when the page is left. Received times are those of the records."""
    pages = defaultdict(list)
    for record in records:
        pages[record["page_view_id"]].append(record)
    for page in pages.values():
        yield page, body(*map(as_the_tracker_sent, page))


def test_the_published_events_through_tp2_are_those_of_the_replayer(records, replayed):
    """And beside each start a `resume`, which says again where it was."""
    times = {record["event_id"]: moment(record["collector_tstamp"]) for record in records}
    told = []
    for _, request in a_request_per_page_view(records):
        told += translate(request, CONTEXT).events
    echoes = {str(uuid5(NAMESPACE, f"snowplow:{event['event_id']}:resume")) for event in replayed}
    own = [
        event | {"received_at": times[event["event_id"]]} for event in told if event["event_id"] not in echoes
    ]
    assert len(own) == 248

    def by_id(event):
        return event["event_id"]

    assert sorted(own, key=by_id) == sorted(replayed, key=by_id)
    resumes = [event for event in told if event["event_id"] in echoes]
    starts = [event for event in replayed if event["event_type"] == "play_start"]
    assert [e["position_ms"] for e in sorted(resumes, key=lambda e: e["occurred_at"])] == [
        e["start_position_ms"] for e in sorted(starts, key=lambda e: e["occurred_at"])
    ]
    started_again = [with_received(event, times, starts) for event in resumes]
    assert diff(tables(usable(replayed)), tables(usable(own + started_again))) == []


def with_received(resume, times, starts):
    (start,) = [
        s for s in starts if uuid5(NAMESPACE, f"snowplow:{s['event_id']}:resume") == UUID(resume["event_id"])
    ]
    return resume | {"received_at": times[start["event_id"]]}


def test_one_event_a_request_in_any_order_with_copies_counts_the_same_plays_but_one(records, replayed):
    """That a play goes on in another session than the one that opened its page, only the whole page says."""
    requests = [(moment(r["collector_tstamp"]), body(as_the_tracker_sent(r))) for r in records]
    shuffled = requests + requests[::3]
    random.Random(11).shuffle(shuffled)
    told = usable(received(shuffled))
    assert diff(tables(told), tables(usable(received(requests)))) == []

    page, medium = "8b6256d5-d842-43db-8009-b9f5cf2f92c8", "yt-dbt-coalesce-2021"
    elsewhere = f"{page}:{medium}"
    started = {event["playback_id"] for event in told if event["event_type"] == "play_start"}
    assert started == {e["playback_id"] for e in replayed if e["event_type"] == "play_start"} | {elsewhere}
    with (RECORDED / "expected_plays.csv").open() as file:
        published = {
            f"{r['page_view_id']}:{r['media_id']}" for r in csv.DictReader(file) if r["is_played"] == "true"
        }
    assert started == published | {elsewhere}

    def others(events):
        return tables([event for event in events if event["playback_id"] != elsewhere])

    # Of two seeks in a row the second began where the first ended: only who sees both knows.
    at_hour = "exit_curves (1642543200, 'yt-dbt-coalesce-2021', 1, 'web')"
    assert diff(others(told), others(usable(replayed))) == [
        f"{at_hour} plays_by_bin[0]: expected 1, got 0",
        f"{at_hour} plays_by_bin[10]: expected 0, got 1",
    ]


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
