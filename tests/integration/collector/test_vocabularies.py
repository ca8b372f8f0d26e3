"""SDKs of others point at the running collector: what they tell is in the tables, once."""

import base64
import http.client
import json
import time
from collections import Counter

import pytest

from tests.support.collector_process import KEY, CollectorProcess
from tests.support.pipeline import Pipeline
from tests.support.snowplow import as_the_tracker_sent, body, moment, of_each_page_view, published

PUBLISHED = {"html-dbt": 4, "yt-dbt-coalesce-2021": 37}
"""Plays per medium; the third medium of the recording was never played."""
BASIC = {"Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}


@pytest.fixture
def pipeline(stack, database, tmp_path):
    pipeline = Pipeline(stack, database, tmp_path)
    yield pipeline
    pipeline.close()


@pytest.fixture
def collector(pipeline, tmp_path):
    collector = CollectorProcess(pipeline.stack, tmp_path)
    collector.start()
    collector.wait_until_ready()
    yield collector
    collector.close()


def post(collector, path, told, headers):
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(told), {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def of_today(record):
    """As a tracker sends at once what happens in this moment."""
    return as_the_tracker_sent(record, sent_ms=moment(record["dvce_created_tstamp"]) + 1)


def segment_play(now_ms):
    """A play of a minute, as its parts, in the order in which a queue might give them up."""
    content = {"session_id": "s", "asset_id": "heir-1", "program": "heir", "episode": "1", "total_length": 60}
    parts = (
        ("Video Content Completed", 60_000, {"position": 60, "played_ms": 60_000, "watched_ms": 60_000}),
        ("Video Content Started", 0, {"position": 0}),
        ("Video Content Playing", 30_000, {"position": 30, "played_ms": 30_000, "watched_ms": 30_000}),
    )
    batch = [
        {"type": "track", "messageId": f"m-{at_ms}", "anonymousId": "viewer", "event": name,
         "timestamp": now_ms - 60_000 + at_ms, "properties": {**content, **properties}}
        for name, at_ms, properties in parts
    ]  # fmt: skip
    return {"batch": batch, "sentAt": now_ms, "context": {"device": {"type": "android"}}}


def test_plays_that_others_tell_are_in_the_tables_once(pipeline, collector):
    tp2, key = "/com.snowplowanalytics.snowplow/tp2", {"X-Write-Key": KEY}
    requests = [body(*map(of_today, page)) for page in of_each_page_view(published())]
    for request in requests + requests[::2]:
        assert post(collector, tp2, request, key) == (200, b"ok")
    told = segment_play(round(time.time() * 1000))
    for _ in range(2):
        assert post(collector, "/v1/segment/batch", told, BASIC) == (200, b'{"success": true}')

    pipeline.drain(workers=1)

    starts, completes = Counter(), Counter()
    for key, counters in pipeline.rows()["episode_minutes"].items():
        starts[key[1]] += counters["starts"]
        completes[key[1]] += counters["completes"]
    assert starts == PUBLISHED | {"heir": 1}
    assert +completes == {"heir": 1}
    assert not pipeline.quarantined()
