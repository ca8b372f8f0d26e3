"""The published Snowplow events through HTTP and into the log give the rows of the replayer."""

import json
import random

import pytest

from producers.replayer import Format, read
from tests.oracle.oracle import diff, tables
from tests.support.collector import PLAYER, Collector
from tests.support.snowplow import RECORDED, as_the_tracker_sent, body, moment, of_each_page_view, published

TP2 = f"/com.snowplowanalytics.snowplow/tp2?key={PLAYER}"


@pytest.fixture(scope="module")
def records():
    return published()


@pytest.fixture(scope="module")
def rows(records):
    """What the events of the replayer count, but for the one whose clock is unusable."""
    events = [
        json.loads(delivery.line) for delivery in read(RECORDED / "events.jsonl", Format.SNOWPLOW_MEDIA_V1)
    ]
    return tables([event for event in events if event["sent_at"] >= event["occurred_at"]])


def has_usable_clock(record):
    return record["dvce_sent_tstamp"] >= record["dvce_created_tstamp"]


def requests(records):
    """A tracker without a network sends all of a page view at its end: received then, and at once."""
    for page in of_each_page_view(records):
        at_ms = max(moment(record["collector_tstamp"]) for record in page) + 5_000
        yield at_ms, body(*(kept(record, at_ms) for record in page))


def kept(record, at_ms):
    if not has_usable_clock(record):
        return as_the_tracker_sent(record)
    happened_at, occurred_at = happened(record), moment(record["dvce_created_tstamp"])
    return as_the_tracker_sent(record, sent_ms=occurred_at + at_ms - happened_at)


def happened(record):
    """When it happened by the collector's clock, as the replayer reckons."""
    sent, created = moment(record["dvce_sent_tstamp"]), moment(record["dvce_created_tstamp"])
    return moment(record["collector_tstamp"]) - (sent - created)


def delivered(sent):
    collector = Collector()
    for at_ms, request in sent:
        collector.clock.at_s = at_ms / 1000
        answer = collector.post(request, TP2, key=None)
        assert (answer.status, answer.body) == (200, b"ok")
    events = [json.loads(line) for line in collector.delivery.lines()]
    sealed = [event["reason"] for event in events if event["event_type"] == "sealed"]
    return [event for event in events if event["event_type"] != "sealed"], sealed


def test_through_http_the_rows_are_those_of_the_replayer(records, rows):
    events, sealed = delivered(requests(records))
    assert sealed == ["clock_unusable"]
    assert diff(rows, tables(events)) == []


def test_copies_and_disorder_through_http_change_no_row(records, rows):
    sent = list(requests(records))
    sent += sent[::2]
    random.Random(3).shuffle(sent)
    events, sealed = delivered(sent)
    assert set(sealed) == {"clock_unusable"}
    assert diff(rows, tables(events)) == []
