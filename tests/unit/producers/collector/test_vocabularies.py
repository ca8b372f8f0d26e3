"""The ways in for other vocabularies, over HTTP without a socket."""

import base64
import gzip
import itertools
import json
import time

import pytest

from producers.collector.vocabularies import VOCABULARIES
from schemas.reasons import Reason
from tests.support.collector import PAGE, PLAYER, PRIVACY, PSEUDONYMS, SEAL, SERVER, WEBHOOK, Collector
from tests.unit.producers.adapters.vocabulary import fixture
from tests.unit.producers.collector.senders import NOW_S, a_key, signed

BASIC = {"Authorization": "Basic " + base64.b64encode(f"{PLAYER}:".encode()).decode()}
TP2 = "/com.snowplowanalytics.snowplow/tp2"
REQUESTS = {
    "/v1/segment/batch": ("segment_batch.json", "", BASIC, 9),
    "/v1/segment/track": ("segment_track.json", "", BASIC, 1),
    TP2: ("snowplow_v2.json", f"?key={PLAYER}", {"Content-Type": "application/json; charset=UTF-8"}, 10),
    "/v1/ga4": ("ga4_video.json", f"?measurement_id=G-1&api_secret={PLAYER}", {}, 3),
    "/v1/revenuecat": ("revenuecat_spent.json", "", {"Authorization": WEBHOOK}, 1),
}
ANSWERS = {
    "/v1/segment/batch": (200, b'{"success": true}'),
    "/v1/segment/track": (200, b'{"success": true}'),
    TP2: (200, b"ok"),
    "/v1/ga4": (204, b""),
    "/v1/revenuecat": (200, b'{"success": true}'),
}


@pytest.fixture
def collector():
    return Collector()


def sent(collector, path, body=None, headers=None):
    name, query, own, _ = REQUESTS[path]
    body = fixture(name) if body is None else body
    return collector.post(body, path + query, key=None, headers={**own, **(headers or {})})


def events(collector):
    return [json.loads(line) for line in collector.delivery.lines()]


def test_every_vocabulary_is_tried_here():
    assert {vocabulary.path for vocabulary in VOCABULARIES} == set(REQUESTS)


@pytest.mark.parametrize("path", REQUESTS)
def test_a_request_as_its_sdk_sends_it_is_answered_as_its_sdk_expects(collector, path):
    answer = sent(collector, path)
    assert (answer.status, answer.body) == ANSWERS[path]
    told = events(collector)
    assert len(told) == REQUESTS[path][3]
    assert not [event for event in told if event["event_type"] == "sealed"]
    for event in told:
        assert event["received_at"] == NOW_S * 1000
        assert event["viewer_id"] in {PSEUDONYMS.of(v) for v in ("anon-1", "anon-2", "viewer-1", "1234.5678")}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/segment/t", "segment_track.json"),
        ("/v1/segment/v1/track", "segment_track.json"),
        ("/v1/segment/b", "segment_batch.json"),
        ("/v1/segment/v1/batch", "segment_batch.json"),
    ],
)
def test_sdks_put_ends_of_their_own_behind_an_address(collector, path, name):
    assert collector.post(fixture(name), path, key=None, headers=BASIC).status == 200
    assert events(collector)


@pytest.mark.parametrize("path", REQUESTS)
def test_a_body_may_be_packed(collector, path):
    packed = gzip.compress(json.dumps(fixture(REQUESTS[path][0])).encode())
    assert sent(collector, path, packed, {"Content-Encoding": "gzip"}).status < 300
    assert len(events(collector)) == REQUESTS[path][3]


@pytest.mark.parametrize("path", REQUESTS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e400}']
)
def test_a_body_of_another_form_is_refused_and_nothing_of_it_received(collector, path, body):
    answer = sent(collector, path, body)
    assert answer.status == 400
    assert set(answer.json) == {"error", "detail"}
    assert collector.delivery.lines() == []


def test_without_acknowledgement_there_is_no_success(collector):
    collector.delivery.away = True
    for path in REQUESTS:
        answer = sent(collector, path)
        assert answer.code == (503, "broker_away")
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("path", REQUESTS)
def test_what_is_delivered_again_is_the_same_events(collector, path):
    sent(collector, path)
    first = events(collector)
    collector.clock.at_s += 3600
    sent(collector, path)
    again = events(collector)[len(first) :]

    def told(event):
        """What of an event decides numbers: its event time, not when it was sent and received."""
        own = {name: value for name, value in event.items() if name not in {"sent_at", "received_at"}}
        return json.dumps(own, sort_keys=True)

    assert sorted(map(told, first)) == sorted(map(told, again))


@pytest.mark.parametrize("path", ["/v1/ga4", "/v1/revenuecat"])
def test_a_delivery_by_servers_has_its_own_time_whenever_it_comes(collector, path):
    collector.clock.at_s = 1_772_400_000.0  # after what the fixtures tell of
    times = []
    for _ in range(2):
        sent(collector, path)
        times.append([e["received_at"] - (e["sent_at"] - e["occurred_at"]) for e in events(collector)[-1:]])
        collector.clock.at_s += 3600
    assert times[0] == times[1]


def test_the_time_that_a_request_takes_is_not_in_its_events(collector):
    ticks = itertools.count(1_772_400_000_000)
    collector.clock.now_ms = lambda: next(ticks)
    sent(collector, "/v1/revenuecat")
    (event,) = events(collector)
    assert event["received_at"] - (event["sent_at"] - event["occurred_at"]) == 1_772_395_400_000


@pytest.mark.parametrize(
    ("path", "key"),
    [("/v1/revenuecat", PLAYER), ("/v1/segment/batch", WEBHOOK), (TP2, PRIVACY), ("/v1/ga4", SERVER)],
)
def test_a_key_of_another_kind_is_refused_before_the_body(collector, path, key):
    name, _, _, _ = REQUESTS[path]
    body = json.dumps(fixture(name)).encode()
    headers = signed(body, target=path) if key in {SERVER, PRIVACY} else {}
    assert collector.post(body, path, key=key, headers=headers).code == (403, "wrong_key_kind")
    assert collector.delivery.lines() == []


def test_a_device_may_not_say_that_it_paid(collector):
    collector.post(fixture("ga4_purchase.json"), f"/v1/ga4?api_secret={PLAYER}", key=None)
    opened = [SEAL.open(line) for line in collector.delivery.lines()]
    assert [found.reason for found in opened] == [Reason.NOT_ALLOWED] * 3
    collector = Collector()
    collector.post(fixture("ga4_purchase.json"), f"/v1/ga4?api_secret={WEBHOOK}", key=None)
    assert [event["event_type"] for event in events(collector)] == ["purchase", "purchase", "refund"]


def test_what_cannot_be_mapped_is_set_aside_with_a_reason_and_its_neighbours_count(collector):
    body = fixture("segment_batch.json")
    del body["batch"][1]["properties"]["total_length"]
    body["batch"][2] = 5
    assert sent(collector, "/v1/segment/batch", body).status == 200
    sealed = [SEAL.open(line) for line in collector.delivery.lines() if b'"sealed"' in line]
    assert {(found.reason) for found in sealed} == {Reason.MISSING_FIELD, Reason.NOT_AN_OBJECT}
    assert len(collector.delivery.lines()) == 9


@pytest.mark.parametrize(
    ("path", "sessions"),
    [
        ("/v1/segment/batch", ["session_id"]),
        ("/v1/segment/track", ["session_id"]),
        ("/v1/ga4", ["ga_session_id"]),
        ("/v1/revenuecat", []),
        (TP2, []),
    ],
)
def test_the_id_of_a_viewer_is_nowhere_in_the_log_session_or_none(collector, path, sessions):
    text = json.dumps(fixture(REQUESTS[path][0]))
    sent(collector, path, text.encode())
    for name in sessions:
        text = text.replace(f'"{name}"', '"nothing"')
    sent(collector, path, text.encode())
    assert len(collector.delivery.lines()) == 2 * REQUESTS[path][3]
    for line in collector.delivery.lines():
        for viewer in (b"anon-", b"viewer-1", b"1234.5678", b"user-1"):
            assert viewer not in line


def test_what_was_ignored_is_counted_where_one_looks(collector):
    sent(collector, "/v1/segment/batch")
    assert collector.metrics.events.labels("ignored")._value.get() == 4


def test_a_page_may_send_to_every_way_in(collector):
    for path in REQUESTS:
        if path != "/v1/revenuecat":
            answer = sent(collector, path, headers={"Origin": PAGE})
            assert answer.status < 300
            assert answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    ("path", "within", "message"),
    [
        ("/v1/segment/batch", {}, {"event": "checkout_start"}),
        (TP2, {"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/"}, {"e": "ue"}),
        ("/v1/ga4", {}, {"name": "video_start"}),
    ],
)
def test_too_many_messages_are_refused_before_they_are_looked_at(collector, path, within, message):
    name = {"/v1/segment/batch": "batch", TP2: "data", "/v1/ga4": "events"}[path]
    assert sent(collector, path, {**within, name: [message] * 500}).status < 300
    began = time.perf_counter()
    for messages in ([message] * 501, [message] * 30_000, [1] * 300_000):
        assert sent(collector, path, {**within, name: messages}).code == (413, "too_many_events")
    assert time.perf_counter() - began < 1


BIG = "x" * 700_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/segment/batch",
            {"context": {"experiments": [BIG]}, "batch": [{"event": "video_content_playing"}] * 400},
        ),
        (
            "/v1/segment/batch",
            {"context": {"app": {"version": BIG}}, "batch": [{"event": "checkout_start"}] * 400},
        ),
        (
            "/v1/ga4",
            {"client_id": BIG, "events": [{"name": "video_start", "params": {"video_title": "a"}}] * 400},
        ),
    ],
)
def test_what_a_batch_says_once_does_not_make_it_grow_without_bound(collector, path, body):
    began = time.perf_counter()
    answer = sent(collector, path, body)
    assert answer.code == (413, "too_large")
    assert time.perf_counter() - began < 1
    assert collector.delivery.lines() == []


def test_a_key_of_a_sandbox_holds_for_every_vocabulary():
    collector = Collector([a_key(token=PLAYER, environment="sandbox")])
    sent(collector, "/v1/segment/batch")
    assert {event["environment"] for event in events(collector)} == {"sandbox"}
