"""Requests of Snowplow trackers, and the published events as their trackers sent them."""

import base64
import json
import os
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "fixtures" / "snowplow_media_v1"
SNOWPLOW = "iglu:com.snowplowanalytics.snowplow"


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


def as_the_tracker_sent(record, sent_ms=None):
    """The request payload from which the pipeline of the makers made this record.

    With `sent_ms` it was sent at that time by the device's clock, with others.
    """
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
        stm=str(moment(record["dvce_sent_tstamp"]) if sent_ms is None else sent_ms),
    )


def moment(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def published():
    """The published records, in the order in which they were received."""
    if not RECORDED.is_dir():
        reason = f"the published events are not at {RECORDED}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    records = map(json.loads, (RECORDED / "events.jsonl").read_text().splitlines())
    return sorted(records, key=lambda r: (r["collector_tstamp"], r["dvce_created_tstamp"]))


def of_each_page_view(records):
    """The records of each page view."""
    pages = defaultdict(list)
    for record in records:
        pages[record["page_view_id"]].append(record)
    return list(pages.values())
