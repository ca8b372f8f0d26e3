"""The published events of Snowplow's media plugins, through requests of the tracker protocol."""

import csv
import json
import random
from uuid import UUID, uuid5

import pytest

from producers.adapters.snowplow_tp2 import translate
from producers.adapters.translation import Context
from producers.replayer import Format, read
from tests.oracle.oracle import diff, tables
from tests.support.snowplow import RECORDED, as_the_tracker_sent, body, moment, of_each_page_view, published
from tests.unit.producers.adapters.vocabulary import CONTEXT

NAMESPACE = UUID("5d4c9f0e-51f4-4b0b-9c53-0c1f7a3e8b62")


@pytest.fixture(scope="module")
def records():
    return published()


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


def test_the_published_events_through_tp2_are_those_of_the_replayer(records, replayed):
    """And beside each start a `resume`, which says again where it was."""
    times = {record["event_id"]: moment(record["collector_tstamp"]) for record in records}
    told = []
    for page in of_each_page_view(records):
        told += translate(body(*map(as_the_tracker_sent, page)), CONTEXT).events
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
        played = {
            f"{r['page_view_id']}:{r['media_id']}" for r in csv.DictReader(file) if r["is_played"] == "true"
        }
    assert started == played | {elsewhere}

    def others(events):
        return tables([event for event in events if event["playback_id"] != elsewhere])

    # Of two seeks in a row the second began where the first ended: only who sees both knows.
    at_hour = "exit_curves (1642543200, 'yt-dbt-coalesce-2021', 1, 'web')"
    assert diff(others(told), others(usable(replayed))) == [
        f"{at_hour} plays_by_bin[0]: expected 1, got 0",
        f"{at_hour} plays_by_bin[10]: expected 0, got 1",
    ]
