"""A message that is small when compressed and far over the limit once it is unpacked, between good events.

The broker bounds what it stores. The line was kept whole, no producer could send it to the quarantine topic,
and the worker ended; so did every worker after it, since no checkpoint ever got past the message.
"""

import json
from base64 import b64encode
from hashlib import sha256

import pytest
from kafka import KafkaProducer

from runtime.cutting import BEGINNING_BYTES, read_cut
from runtime.sealing import Seal
from schemas.fields import MAX_MESSAGE_BYTES
from schemas.topics import PLAYER_EVENTS, QUARANTINE
from tests.integration.pipeline.test_operations import call
from tests.support.topic import read_lines
from tests.unit.oracle.events import start

KEY = bytes(range(32))
BEGAN = b'{"app":"of somebody","text":"'
FOREIGN = {
    "one line": BEGAN + b"a" * 20_000_000,
    "millions of lines": BEGAN + b"\n" + b"a\n" * 5_000_000,
}


def good_event(pipeline, playback_id):
    event = start(playback_id)
    with pipeline.sender() as sender:
        sender.send(event["viewer_id"], json.dumps(event).encode())


def send_compressed(pipeline, *payloads):
    producer = KafkaProducer(
        bootstrap_servers=pipeline.stack.bootstrap, compression_type="lz4", max_request_size=2**26
    )
    for payload in payloads:
        producer.send(PLAYER_EVENTS.name, value=payload, partition=0).get(30)
    producer.close()


def set_aside(pipeline):
    """What is kept in the table, which is what is in the topic."""
    in_topic = read_lines(pipeline.stack.bootstrap, QUARANTINE.name, QUARANTINE.partitions)
    kept = sorted(line for lines in in_topic.values() for line in lines)
    rows = pipeline.query("SELECT reason, line FROM quarantine FINAL")
    assert sorted(line.encode() for _, line in rows) == kept
    assert {reason for reason, _ in rows} == {"too_large"}
    return kept


@pytest.mark.parametrize(
    ("what", "key"),
    [("one line", b64encode(KEY).decode()), ("millions of lines", "")],
    ids=["one-line-sealed", "millions-of-lines-clear"],
)
def test_it_is_cut_and_what_comes_after_it_counts(make_pipeline, what, key):
    pipeline, sent = make_pipeline(partitions=1, quarantine_key=key), FOREIGN[what]
    good_event(pipeline, "before")
    send_compressed(pipeline, sent)
    good_event(pipeline, "after")
    pipeline.drain(workers=1, timeout_s=90)
    pipeline.assert_conserved(3)
    assert pipeline.query("SELECT sum(starts) FROM episodes_by_day") == [(2,)]

    (kept,) = set_aside(pipeline)
    left = read_cut(Seal((KEY,)).open(kept).line if key else kept)
    assert (left.bytes, left.sha256) == (len(sent), sha256(sent).hexdigest())
    assert left.began == sent[:BEGINNING_BYTES].decode()

    if key:
        shown = call(pipeline, "quarantine", "open", "--lines", "worker")
        assert (shown.stdout, "1 lines that were cut are left out" in shown.stderr) == ("", True)
        assert left.sha256 in call(pipeline, "quarantine", "open", "--reason", "too_large").stdout
    said = call(pipeline, "quarantine", "replay", "--policy", "requeue").stderr
    assert "1 lines dropped" in said
    assert "cannot be sent" in said
    pipeline.drain(workers=1)
    pipeline.assert_conserved(3)


def test_many_long_lines_of_one_flush_are_kept_whole(make_pipeline):
    pipeline = make_pipeline(partitions=1, worker={"paywall_flush_s": 10.0})
    lines = [b"%02d" % number + b"x" * (MAX_MESSAGE_BYTES - 2) for number in range(40)]
    send_compressed(pipeline, *lines)
    good_event(pipeline, "after")
    pipeline.drain(workers=1, timeout_s=90)
    pipeline.assert_conserved(41)
    assert set_aside(pipeline) == lines
