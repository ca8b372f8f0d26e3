"""Real player events with published results, replayed through the broker and a worker."""

import os
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from producers.driver import drive
from producers.replayer import Format, read
from runtime.clock import SystemClock
from tests.oracle.oracle import diff, tables
from tests.support.pipeline import digest

EVENTS = Path(__file__).parents[4] / "shared/fixtures/snowplow_media_v1/events.jsonl"
PUBLISHED = {"html-dbt": 4, "yt-dbt-coalesce-2021": 37}
"""Plays per medium; the third medium of the fixture was never played."""


@pytest.fixture
def recording():
    if not EVENTS.exists() and os.environ.get("CI") != "true":
        pytest.skip("the recorded events are not part of the repository")
    return EVENTS


def test_plays_are_as_published_and_all_else_is_as_computed_from_the_file(make_pipeline, recording):
    pipeline = make_pipeline()
    deliveries = list(read(recording, Format.SNOWPLOW_MEDIA_V1))
    with pipeline.sender() as sender:
        drive(deliveries, sender, SystemClock())

    pipeline.drain(workers=1)

    rows = pipeline.rows()
    plays = Counter()
    for key, counters in rows["episode_minutes"].items():
        plays[key[1]] += counters["starts"]
    assert plays == PUBLISHED
    events = [msgspec.json.decode(delivery.line) for delivery in deliveries]
    usable = [event for event in events if event["sent_at"] >= event["occurred_at"]]
    assert diff(tables(usable), rows) == []
    unusable = Counter(("clock_unusable", digest(line)) for line in lines_before_their_time(deliveries))
    assert pipeline.quarantined() == unusable
    assert unusable.total() == 1  # one record of the recording says that it was sent before it occurred


def lines_before_their_time(deliveries):
    for delivery in deliveries:
        event = msgspec.json.decode(delivery.line)
        if event["sent_at"] < event["occurred_at"]:
            yield delivery.line
