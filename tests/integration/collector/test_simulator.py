"""The simulated platform sends through the collector, as a command: every line has one outcome."""

import json
import re
import subprocess
import sys

import pytest

from runtime.settings import as_environment
from tests.support.collector_process import CollectorProcess
from tests.support.pipeline import ROOT, Pipeline


@pytest.fixture
def pipeline(stack, database, tmp_path):
    pipeline = Pipeline(stack, database, tmp_path)
    yield pipeline
    pipeline.close()


@pytest.fixture
def collector(pipeline, tmp_path):
    keys = tmp_path / "simulator-keys.json"
    server = {"id": "sim", "kind": "server", "token": "a_server_of_tests", "secrets": ["s" * 32]}
    keys.write_text(json.dumps({"keys": [server | {"events_per_s": 10_000, "burst": 100_000}]}))
    collector = CollectorProcess(pipeline.stack, tmp_path, keys_file=keys)
    collector.start()
    yield collector
    collector.close()


def test_every_line_arrives_once_and_the_broken_ones_with_their_reason(pipeline, collector):
    simulate = ["simulate", "--via", "http", "--rate", "2000", "--events", "3000", "--dirt", "heavy"]
    ran = subprocess.run(
        [sys.executable, "-m", "cliffhanger", *simulate],
        cwd=ROOT,
        env=as_environment(collector.settings),
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    (sent,) = re.findall(rf"([\d,]+) events .* to http://127\.0\.0\.1:{collector.port} in", ran.stderr)
    assert sent == "3,000"
    pipeline.drain(workers=1)
    pipeline.assert_conserved(3_000)
    reasons = {reason for reason, _ in pipeline.quarantined()}
    assert {"not_json", "unknown_event_type"} <= reasons
    assert sum(row["starts"] for row in pipeline.rows()["episode_minutes"].values()) > 50
