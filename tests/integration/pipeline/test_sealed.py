"""What is set aside is kept sealed, in the table and in the topic, once, and opens for who has the key."""

import json
import os
import subprocess
import sys
from base64 import b64encode

from runtime.sealing import Seal, read
from runtime.settings import as_environment
from schemas.reasons import Reason
from schemas.topics import QUARANTINE
from tests.support.pipeline import ROOT
from tests.support.topic import read_lines

KEY = bytes(range(32))
BY_COLLECTOR = Seal((KEY,), "collector")
SENT = b'{"event_type":"purchase","viewer_id":"an id of theirs"}'
BROKEN = [b"\xff not even text", b'{"event_type":"heartbeat"}']


def ask(pipeline, *arguments, code=0, key=None):
    """What `cliffhanger quarantine` answers."""
    settings = {"CLIFFHANGER_QUARANTINE_KEY": key} if key is not None else {}
    ran = subprocess.run(
        [sys.executable, "-m", "cliffhanger", "quarantine", *arguments],
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
