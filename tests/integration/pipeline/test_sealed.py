"""What is set aside is kept sealed, in the table and in the topic, once, and opens for who has the key."""

import json
import os
import subprocess
import sys
from base64 import b64encode

from kafka import KafkaProducer

from runtime.sealing import Seal, read
from runtime.settings import as_environment
from schemas.fields import MAX_MESSAGE_BYTES
from schemas.reasons import Reason
from schemas.topics import PLAYER_EVENTS, QUARANTINE
from tests.support.pipeline import ROOT
from tests.support.topic import read_lines

KEY = bytes(range(32))
BY_COLLECTOR = Seal((KEY,), "collector")
SENT = b'{"event_type":"purchase","viewer_id":"an id of theirs"}'
BROKEN = [b"\xff not even text", b'{"event_type":"heartbeat"}']


def ask(pipeline, *arguments, code=0, key=None):
    """What `cliffhanger quarantine open` answers."""
    settings = {"CLIFFHANGER_QUARANTINE_KEY": key} if key is not None else {}
    ran = subprocess.run(
        [sys.executable, "-m", "cliffhanger", "quarantine", "open", *arguments],
        cwd=ROOT,
        env=os.environ | as_environment(pipeline.settings) | settings,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    return ran.stdout or ran.stderr


def test_lines_are_sealed_once_and_open_with_the_key(make_pipeline):
    pipeline = make_pipeline(quarantine_key=b64encode(KEY).decode())
    with pipeline.sender() as sender:
        sender.send("a viewer", BY_COLLECTOR.line(SENT, Reason.NOT_ALLOWED))
        for line in BROKEN:
            sender.send("a viewer", line)
    pipeline.drain(workers=1)
    pipeline.assert_conserved(3)

    in_topic = read_lines(pipeline.stack.bootstrap, QUARANTINE.name, QUARANTINE.partitions)
    kept = [line for lines in in_topic.values() for line in lines]
    in_table = [line.encode() for (line,) in pipeline.query("SELECT line FROM quarantine FINAL")]
    assert sorted(kept) == sorted(in_table)
    assert len(kept) == 3
    assert all(map(read, kept))

    shown = [json.loads(line) for line in ask(pipeline).splitlines()]
    assert {(each["reason"], each["sealed_by"], each["line"]) for each in shown} == {
        ("not_allowed", "collector", SENT.decode()),
        ("not_json", "worker", "\ufffd not even text"),
        ("missing_field", "worker", BROKEN[1].decode()),
    }
    assert ask(pipeline, "--lines", "collector") == SENT + b"\n"
    assert sorted(ask(pipeline, "--lines", "worker").splitlines()) == sorted(BROKEN)
    assert ask(pipeline, "--reason", "not_json", "--lines", "worker") == BROKEN[0] + b"\n"
    assert ask(pipeline, "--reason", "late") == b""

    assert b"CLIFFHANGER_QUARANTINE_KEY" in ask(pipeline, key="", code=2)
    other = ask(pipeline, "--lines", "worker", key=b64encode(bytes(32)).decode(), code=1)
    assert BY_COLLECTOR.key_id.encode() in other
    assert b"not even text" not in other


def test_the_longest_lines_that_the_log_can_hold_do_not_stop_a_worker(make_pipeline):
    """A line of a body at the limit, sealed by the collector; one that fills a message of another producer.

    The producer of the worker refused what is longer than a million bytes: the worker ended, and again after
    every start.
    """
    pipeline = make_pipeline(quarantine_key=b64encode(KEY).decode())
    longest = int(PLAYER_EVENTS.config["max.message.bytes"]) - 1_000
    lines = [
        BY_COLLECTOR.line(b"x" * MAX_MESSAGE_BYTES, Reason.TOO_LARGE),
        os.urandom(longest).replace(b"\n", b""),
    ]
    producer = KafkaProducer(bootstrap_servers=pipeline.stack.bootstrap, max_request_size=2 * longest)
    for line in lines:
        producer.send(PLAYER_EVENTS.name, value=line, partition=0).get(30)
    producer.close()
    pipeline.drain(workers=1, timeout_s=60)
    in_topic = read_lines(pipeline.stack.bootstrap, QUARANTINE.name, QUARANTINE.partitions)
    opened = {BY_COLLECTOR.open(line).line for kept in in_topic.values() for line in kept}
    assert opened == {b"x" * MAX_MESSAGE_BYTES, lines[1]}
    assert pipeline.query("SELECT reason, count() FROM quarantine FINAL GROUP BY reason") == [
        ("too_large", 2)
    ]
