"""A viewer is forgotten on the real stack: state, raw lines and bytes on the disk; the counts stay."""

import json
import os
import subprocess
import sys
from base64 import b64encode

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from pydantic import SecretStr

from producers.collector.pseudonyms import Pseudonyms
from runtime.sealing import Seal
from runtime.settings import as_environment
from schemas.reasons import Reason
from schemas.topics import PLAYER_EVENTS, QUARANTINE
from streams.checkpoint import decode
from tests.properties.worlds import encode
from tests.support.pipeline import ROOT, wait_until
from tests.unit.oracle.events import MINUTE, NOON, start, unlock, watch
from warehouse.client import Connection

KEY = bytes(range(32))
PSEUDONYM_KEY = "p" * 32
RAW = "an id of theirs"
V = Pseudonyms(SecretStr(PSEUDONYM_KEY)).of(RAW)
WATCHED = [event | {"viewer_id": V} for event in watch("a play of v")]
OTHERS = [start("a play of w", viewer_id="w"), unlock(viewer_id="w")]
ASKED = {
    "schema_version": 1,
    "event_id": "000003e8-0000-4000-8000-000000000000",
    "event_type": "viewer_deletion",
    "viewer_id": V,
    "occurred_at": NOON + 3 * MINUTE,
    "sent_at": NOON + 3 * MINUTE,
    "received_at": NOON + 3 * MINUTE,
    "requested_at": NOON + 3 * MINUTE,
}


def deletions(pipeline, *arguments):
    """What `cliffhanger deletions --json` answers."""
    ran = subprocess.run(
        [sys.executable, "-m", "cliffhanger", "deletions", "--json", *arguments],
        cwd=ROOT,
        env=os.environ | as_environment(pipeline.settings),
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def left(answer):
    (request,) = answer
    assert request["viewer_id"] == V
    return {trace["where"]: trace["count"] for trace in request["left"]}


def send(pipeline, lines):
    with pipeline.sender() as sender:
        for line in lines:
            sender.send(V, line)


def states(pipeline):
    connection = Connection(pipeline.settings.clickhouse, strings_as_bytes=True)
    try:
        return [row[0] for row in connection.query("SELECT state FROM checkpoints WHERE received > 0")]
    finally:
        connection.close()


def is_on_disk(folder, content):
    for path in folder.rglob("*.bin"):
        try:
            if content in path.read_bytes():
                return True
        except FileNotFoundError:  # the engine removed it meanwhile
            continue
    return False


def expire(bootstrap):
    """Let both topics lose what they hold, as their retention does some day."""
    consumer, admin = (
        KafkaConsumer(bootstrap_servers=bootstrap),
        KafkaAdminClient(bootstrap_servers=bootstrap),
    )
    try:
        topics = (PLAYER_EVENTS.name, QUARANTINE.name)
        partitions = [
            TopicPartition(t, number) for t in topics for number in consumer.partitions_for_topic(t)
        ]
        ends = consumer.end_offsets(partitions)
        admin.delete_records({each: end for each, end in ends.items() if end})
        wait_until(lambda: consumer.beginning_offsets(partitions) == ends, 30)
    finally:
        consumer.close()
        admin.close()


def test_a_viewer_is_forgotten_to_the_last_byte_and_the_counts_stay(make_pipeline, stack):
    pipeline = make_pipeline(
        quarantine_key=b64encode(KEY).decode(), collector={"pseudonym_key": PSEUDONYM_KEY}
    )
    for table in ("checkpoints", "quarantine"):  # by default old parts stay for eight minutes
        settings = "old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1"
        pipeline.query(f"ALTER TABLE {table} MODIFY SETTING {settings}")
    refused = Seal((KEY,), "collector").line(b'{"anonymousId":"%b"}' % RAW.encode(), Reason.NOT_ALLOWED)
    broken = b'{"viewer_id":"%b","sent_at' % V.encode()
    send(pipeline, [*map(encode, [*WATCHED, *OTHERS]), refused, broken, b"nobody's"])
    pipeline.drain(workers=1)
    counted = pipeline.rows()
    (state,) = states(pipeline)
    assert V in decode(state, pipeline.settings.fold).viewers
    assert is_on_disk(stack.home / "clickhouse", state)

    send(pipeline, [encode(ASKED)])
    pipeline.drain(workers=1)
    send(pipeline, [*map(encode, WATCHED), encode(ASKED)])  # a replay
    pipeline.drain(workers=1)
    assert pipeline.rows() == counted
    pipeline.assert_conserved(len(WATCHED) * 2 + len(OTHERS) + 3 + 2)
    assert pipeline.query("SELECT sum(excluded), sum(redundant) FROM conservation") == [(2, 1)]

    shown = deletions(pipeline)
    assert left(shown) == {
        "checkpoints": 1,
        "quarantined lines": 2,
        "events in Kafka": None,
        "quarantined lines in Kafka": None,
    }
    assert all(trace["until"] for trace in shown[0]["left"] if "Kafka" in trace["where"])
    assert left(deletions(pipeline)) == left(shown), "a dry run deleted"

    kafka_only = {"events in Kafka": None, "quarantined lines in Kafka": None}
    assert left(deletions(pipeline, "--apply")) == kafka_only
    assert pipeline.query("SELECT count() FROM quarantine") == [(1,)]
    found = [decode(each, pipeline.settings.fold) for each in states(pipeline)]
    assert found
    assert not any(V in each.viewers for each in found)
    wait_until(lambda: not is_on_disk(stack.home / "clickhouse", state), 90, every_s=1)

    assert left(deletions(pipeline, "--apply")) == kafka_only
    expire(stack.bootstrap)
    assert left(deletions(pipeline)) == {}
    (request,) = deletions(pipeline, "--apply")
    assert request["completed_at"] > request["dropped_at"]
    assert deletions(pipeline) == [request]
    assert pipeline.rows() == counted
