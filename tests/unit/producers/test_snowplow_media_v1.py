import csv
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from producers.adapters.snowplow_media_v1 import Plays, UnreadableRecordError, adapt
from producers.replayer import Format, read
from schemas.events import EVENT

FIXTURE = Path(__file__).parents[3] / ".." / "shared" / "fixtures" / "snowplow_media_v1"


@pytest.fixture(scope="module")
def fixture():
    if not FIXTURE.is_dir():
        reason = f"the published events are not at {FIXTURE}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return FIXTURE


@pytest.fixture(scope="module")
def events(fixture):
    recorded = read(fixture / "events.jsonl", Format.SNOWPLOW_MEDIA_V1)
    return [json.loads(delivery.line) for delivery in recorded]


def test_the_plays_are_those_that_the_makers_of_the_format_published(fixture, events):
    """A page left open is played on under another session id: the makers count no play there."""
    with (fixture / "expected_plays.csv").open() as file:
        published = {
            f"{row['page_view_id']}:{row['media_id']}"
            for row in csv.DictReader(file)
            if row["is_played"] == "true"
        }
    started = Counter(e["playback_id"] for e in events if e["event_type"] == "play_start")
    assert set(started) == published
    assert max(started.values()) == 1


def test_the_plays_of_each_medium_are_those_that_were_published(fixture, events):
    with (fixture / "expected_media.csv").open() as file:
        published = {row["media_id"]: int(row["plays"]) for row in csv.DictReader(file)}
    assert published == {"html-dbt": 4, "yt-dbt-coalesce-2021": 37, "yt-dbt-coalesce-2022": 0}
    started = Counter(e["series_id"] for e in events if e["event_type"] == "play_start")
    assert {medium: started[medium] for medium in published} == published


def test_every_record_is_one_event_that_keeps_the_contract_or_has_an_unusable_clock(events):
    assert len(events) == 248
    unusable = [e for e in events if e["sent_at"] < e["occurred_at"]]
    assert len(unusable) == 1
    for event in events:
        if event not in unusable:
            EVENT.validate_json(json.dumps(event))


def test_the_event_time_is_the_one_that_the_collector_derived(fixture, events):
    derived = {}
    for line in (fixture / "events.jsonl").read_text().splitlines():
        record = json.loads(line)
        derived[record["event_id"]] = record["derived_tstamp"]
    for event in events:
        time_ms = event["received_at"] - (event["sent_at"] - event["occurred_at"])
        published = datetime.fromisoformat(derived[event["event_id"]]).replace(tzinfo=UTC)
        assert abs(time_ms - published.timestamp() * 1000) <= 2


def test_records_are_replayed_in_the_order_in_which_they_were_received(fixture):
    times = [d.at_ms for d in read(fixture / "events.jsonl", Format.SNOWPLOW_MEDIA_V1)]
    assert times == sorted(times)


RECORD = {
    "event_id": "afa90542-3892-4101-ae28-74643ba63af6",
    "platform": "web",
    "collector_tstamp": "2022-01-19 10:44:53.883",
    "dvce_created_tstamp": "2022-01-19 10:44:53.681",
    "dvce_sent_tstamp": "2022-01-19 10:44:53.682",
    "domain_userid": "user",
    "domain_sessionid": "session",
    "page_view_id": "page",
    "media_id": "medium",
    "media_player_event": {"type": "play"},
    "media_player": {"current_time": "1.5", "duration": "60.25", "percent_progress": ""},
}


def record(kind, session="session", **player):
    return RECORD | {
        "media_player_event": {"type": kind},
        "domain_sessionid": session,
        "media_player": RECORD["media_player"] | player,
    }


def adapted(*records):
    plays = Plays()
    return [event for r in records for event in adapt(r, plays)]


def test_the_first_play_starts_and_the_next_resumes():
    start, resume = adapted(record("play"), record("play", current_time="9"))
    assert start["event_type"] == "play_start"
    assert (start["playback_id"], start["series_id"], start["episode_no"]) == ("page:medium", "medium", 1)
    assert (start["duration_ms"], start["start_position_ms"]) == (60_250, 1_500)
    assert (start["occurred_at"], start["received_at"]) == (1642589093681, 1642589093883)
    assert (resume["event_type"], resume["position_ms"]) == ("resume", 9_000)


def test_a_play_in_another_session_of_the_page_is_progress_only():
    _, later = adapted(record("pause"), record("play", session="tomorrow"))
    assert later["event_type"] == "resume"


def test_where_a_seek_goes_is_not_reached_by_it():
    _, seek = adapted(record("play"), record("seek", current_time="50"))
    assert (seek["position_ms"], seek["from_ms"], seek["to_ms"]) == (1_500, 1_500, 50_000)


@pytest.mark.parametrize("nothing", ["", None, "NaN", "inf", []])
def test_a_position_that_is_no_number_is_the_last_known_one(nothing):
    _, beat = adapted(record("play"), record("percentprogress", current_time=nothing))
    assert (beat["event_type"], beat["position_ms"]) == ("heartbeat", 1_500)


@pytest.mark.parametrize("nothing", ["", None])
def test_a_duration_that_is_missing_stays_missing(nothing):
    (start,) = adapted(record("play", duration=nothing))
    assert "duration_ms" not in start


def test_the_end_is_an_end_and_an_error_an_error():
    end, error = adapted(record("ended"), record("error"))
    assert (end["event_type"], end["end_reason"]) == ("play_end", "completed")
    assert (error["event_type"], error["fatal"]) == ("player_error", False)


@pytest.mark.parametrize("missing", [*RECORD.keys()])
def test_a_record_without_what_makes_it_one_is_unreadable(missing):
    broken = {name: value for name, value in RECORD.items() if name != missing}
    with pytest.raises(UnreadableRecordError):
        adapt(broken, Plays())
