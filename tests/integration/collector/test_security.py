"""From the door to the table, on the real components: refused, veiled, sealed, opened."""

import http.client
import json
import time
from base64 import b64encode
from collections import Counter

import pytest

from producers.collector.pseudonyms import Pseudonyms
from runtime.sealing import Seal
from schemas.topics import PLAYER_EVENTS, QUARANTINE
from tests.support.collector_process import KEY, CollectorProcess, impression
from tests.support.pipeline import Pipeline, wait_until
from tests.support.topic import read_lines
from tests.unit.producers.collector.senders import SECRET, signed

QUARANTINE_KEY = b"q" * 32
PRIVACY_KEY, VIEWER = "a-privacy-key-of-tests", "an-id-of-theirs"


def keys(**of_player):
    player = {"id": "tests", "kind": "player", "token": KEY} | of_player
    privacy = {"id": "privacy", "kind": "privacy", "token": PRIVACY_KEY, "secrets": [SECRET]}
    return json.dumps({"keys": [player, privacy]})


@pytest.fixture
def pipeline(stack, database, tmp_path):
    pipeline = Pipeline(stack, database, tmp_path, quarantine_key=b64encode(QUARANTINE_KEY).decode())
    yield pipeline
    pipeline.close()


@pytest.fixture
def collector(pipeline, stack, tmp_path):
    collector = CollectorProcess(stack, tmp_path)
    (tmp_path / "keys.json").write_text(keys())
    collector.start()
    collector.wait_until_ready()
    yield collector
    collector.close()


def post(collector, event, key=KEY, **headers):
    body = json.dumps([event]).encode()
    if key == PRIVACY_KEY:
        headers |= signed(body, at_s=int(time.time()), nonce=f"nonce-{time.time_ns()}")
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=30)
    try:
        connection.request("POST", "/v1/events", body, {"X-Write-Key": key} | headers)
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


def test_from_the_door_to_the_table(pipeline, collector, stack, tmp_path):
    watched = impression("p") | {"viewer_id": VIEWER}
    bought = watched | {"event_type": "purchase", "order_id": "o"}
    bought |= {"transaction_id": "t", "product_type": "bundle", "amount_usd_micros": 1}
    deletion = {name: watched[name] for name in ("schema_version", "event_id", "occurred_at", "sent_at")}
    deletion |= {"event_type": "viewer_deletion", "viewer_id": VIEWER, "requested_at": watched["sent_at"]}

    assert post(collector, watched) == (200, {"accepted": 1, "quarantined": [], "ignored": 0})
    assert post(collector, bought)[1]["quarantined"] == [{"index": 0, "reason": "not_allowed"}]
    assert post(collector, deletion)[1]["quarantined"] == [{"index": 0, "reason": "not_allowed"}]
    assert post(collector, deletion, PRIVACY_KEY)[1]["accepted"] == 1
    assert post(collector, watched, Origin="https://evil.example")[0] == 403

    fresh = tmp_path / "keys.json.new"
    fresh.write_text(keys(revoked=True))
    fresh.replace(tmp_path / "keys.json")
    wait_until(lambda: post(collector, watched)[1].get("error") == "revoked_key", 10, every_s=0.2)
    assert collector.stop() == 0

    log = read_lines(stack.bootstrap, PLAYER_EVENTS.name, PLAYER_EVENTS.partitions)
    (of_viewer,) = log.values()  # events, what was sealed of them, and the deletion: one partition
    assert not [line for line in of_viewer if VIEWER.encode() in line]
    pseudonym = Pseudonyms(collector.settings.collector.pseudonym_key).of(VIEWER)
    veiled = Counter(
        event["event_type"] for event in map(json.loads, of_viewer) if event.get("viewer_id") == pseudonym
    )
    assert veiled["viewer_deletion"] == 1
    assert veiled["paywall_impression"] >= 1

    pipeline.drain(workers=1)
    pipeline.assert_conserved(len(of_viewer))
    kept = [line.encode() for (line,) in pipeline.query("SELECT line FROM quarantine FINAL")]
    opened = [json.loads(Seal((QUARANTINE_KEY,)).open(line).line) for line in kept]
    assert sorted(event["event_type"] for event in opened) == ["purchase", "viewer_deletion"]
    assert {event["viewer_id"] for event in opened} == {VIEWER}
    in_topic = read_lines(stack.bootstrap, QUARANTINE.name, QUARANTINE.partitions)
    assert sorted(line for lines in in_topic.values() for line in lines) == sorted(kept)
    assert VIEWER not in collector.log.read_text()
