"""Operations on state as a person calls them, on a real broker and the real engine."""

import json
import os
import subprocess
import sys

import pytest

from producers.driver import drive
from producers.packing import PackLimits
from producers.simulator import Dirt, SimulationSettings, TruthFile, simulate
from runtime.clock import SystemClock
from runtime.settings import as_environment
from tests.oracle.oracle import diff, from_truth, tables
from tests.support.pipeline import ROOT, bad_lines

EVENTS = 6_000
SIM = SimulationSettings(
    seed=5, max_events=EVENTS, live_viewers=60, eagerness=3,
    dirt=Dirt(duplicates=0.05, disorder=0.05, malformed=0.01),
)  # fmt: skip


SMALL = PackLimits(events=20)


@pytest.fixture
def counted(make_pipeline, tmp_path):
    """A pipeline of two partitions that has counted a simulation to its end, and its truth."""
    pipeline = make_pipeline(fold={"experiment": SIM.experiment}, partitions=2)
    truth = tmp_path / "truth.jsonl"
    with TruthFile(truth) as file, pipeline.sender(pack=SMALL) as sender:
        drive(list(simulate(SIM, file)), sender, SystemClock())
    pipeline.drain(workers=1)
    return pipeline, truth


def call(pipeline, *arguments, code=0, **environment):
    """Run a command; hold its exit code; return what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "cliffhanger", *arguments],
        cwd=ROOT,
        env=os.environ | as_environment(pipeline.settings) | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def wrong(pipeline, truth, rules=None):
    events, _ = from_truth(truth)
    return diff(tables(events, rules=rules or pipeline.settings.fold), pipeline.rows())


def test_checkpoints_are_listed_and_a_damaged_one_is_named(counted):
    pipeline, _ = counted
    listed = json.loads(call(pipeline, "checkpoints", "list", "--json").stdout)
    assert [(one["partition"], one["logic_epoch"]) for one in listed] == [(0, 1), (1, 1)]
    assert sum(one["received"] for one in listed) == EVENTS
    assert {one["unaccounted"] for one in listed} == {0}
    assert "KiB" in call(pipeline, "checkpoints", "list").stdout
    assert "0 with faults" in call(pipeline, "checkpoints", "verify").stderr

    columns = "source_epoch, partition, logic_epoch, generation, rules_digest, state_format, state_sha256"
    pipeline.query(
        f"INSERT INTO checkpoints ({columns}, next_offset, state) "
        f"SELECT {columns}, 1000000, 'x' FROM checkpoints WHERE partition = 1 LIMIT 1"
    )
    said = call(pipeline, "checkpoints", "verify", code=1)
    assert (
        "offset 1000000: the checkpoint of partition 1 at offset 1000000 is damaged; the log ends at"
        in said.stdout
    )
    assert "1 with faults" in said.stderr


def test_a_refold_finds_what_is_wrong_in_the_tables_and_puts_it_right(counted):
    pipeline, truth = counted
    assert "begins at offset 0" in call(pipeline, "refold", "--dry-run").stderr
    assert pipeline.query("SELECT count() FROM system.tables WHERE endsWith(name, '__shadow')") == [(0,)]
    call(pipeline, "refold")
    assert wrong(pipeline, truth) == []

    old = "generation < 60"  # of some 150 messages: all of these generations are over
    pipeline.query(
        "INSERT INTO episode_minutes SELECT * REPLACE (version + 1 AS version, starts + 7 AS starts) "
        f"FROM episode_minutes FINAL WHERE {old}"
    )
    pipeline.query(
        "INSERT INTO sittings SELECT * REPLACE ('nobody' AS series_id) FROM sittings FINAL "
        f"WHERE {old} AND sittings > 0 LIMIT 3"
    )
    pipeline.query(f"ALTER TABLE exit_curves DELETE WHERE {old} SETTINGS mutations_sync = 2")
    assert wrong(pipeline, truth) != []

    call(pipeline, "refold", code=1)
    assert wrong(pipeline, truth) != []
    assert "goes on at offset" in call(pipeline, "refold", "--swap").stderr, "it began anew"
    assert wrong(pipeline, truth) == []
    assert pipeline.query("SELECT count() FROM system.tables WHERE endsWith(name, '__shadow')") == [(0,)]


def test_a_refold_refuses_where_neither_a_state_nor_the_log_reaches_back(counted):
    pipeline, _ = counted
    from kafka import KafkaAdminClient, TopicPartition  # noqa: PLC0415

    admin = KafkaAdminClient(bootstrap_servers=pipeline.stack.bootstrap)
    admin.delete_records({TopicPartition("player.events.v1", 0): 2})
    admin.close()
    said = call(pipeline, "refold", "--partition", "0", "--from-offset", "1", "--dry-run", code=1)
    assert "no checkpoint is stored at or before offset 1, and the log begins at 2" in said.stderr


def test_quarantine_is_replayed_once_and_twice_changes_nothing(counted):
    pipeline, truth = counted
    bad = bad_lines(truth).total()
    said = call(pipeline, "quarantine", "replay", "--dry-run")
    assert f"{bad:,} lines that nobody has replayed" in said.stderr
    assert "would be set aside again" in call(pipeline, "quarantine", "replay", code=1).stderr
    assert f"{bad} lines dropped" in call(pipeline, "quarantine", "replay", "--policy", "drop").stderr
    assert call(pipeline, "quarantine", "replay", "--policy", "drop").stderr == ""

    line = next(d.line for d in simulate(SIM) if b'"play_start"' in d.line)
    mended = json.dumps(
        json.loads(line) | {"event_id": "0" * 8 + "-0000-4000-8000-000000000000", "playback_id": "new"}
    )
    pipeline.query(
        "INSERT INTO quarantine (source_epoch, partition, offset, line_index, reason, line, message_at) "
        f"VALUES (1, 0, 1, 999, 'unknown_event_type', '{mended}', now64(3))"
    )
    before = pipeline.query("SELECT sum(starts) + sum(previews) FROM episodes_by_day")[0][0]
    for _ in range(2):
        assert "1 lines sent" in call(pipeline, "quarantine", "replay").stderr
        assert call(pipeline, "quarantine", "replay").stderr == ""
        pipeline.query("DELETE FROM quarantine_replays WHERE line_index = 999")
        pipeline.drain(workers=1)
        assert pipeline.query("SELECT sum(starts) + sum(previews) FROM episodes_by_day")[0][0] == before + 1


def test_an_epoch_begins_after_a_dry_run_and_is_listed(counted):
    pipeline, truth = counted
    new = {"CLIFFHANGER_WORKER__LOGIC_EPOCH": "2", "CLIFFHANGER_FOLD__VALID_PLAY_MS": "20000"}
    said = call(pipeline, "epoch", "new", "--continue", "--dry-run", **new)
    assert "rows and a checkpoint" in said.stderr
    assert json.loads(call(pipeline, "epoch", "list", "--json").stdout) == []
    assert "was not begun" in refusal(pipeline, **new)

    call(pipeline, "epoch", "new", "--continue", **new)
    assert wrong(pipeline, truth) == [], "it counts before a worker of it does"
    assert "nothing is left to do" in call(pipeline, "epoch", "new", "--continue", **new).stderr
    worker = pipeline.start("new", "--drain", **new)
    assert worker.wait(60) == 0, pipeline.tail()
    rules = pipeline.settings.fold.__class__(experiment=SIM.experiment, valid_play_ms=20_000)
    assert wrong(pipeline, truth, rules) == []
    listed = json.loads(call(pipeline, "epoch", "list", "--json").stdout)
    assert [(e["logic_epoch"], e["kind"], e["shown"]) for e in listed] == [
        (1, "first", True), (1, "first", True), (2, "continued", True), (2, "continued", True),
    ]  # fmt: skip


def refusal(pipeline, **environment):
    """What a worker says that ends by itself."""
    worker = pipeline.start("refused", "--drain", **environment)
    assert worker.wait(60) != 0
    return pipeline.tail()
