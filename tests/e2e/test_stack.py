import json


def test_up_says_where_everything_is(running):
    assert running.settings["CLIFFHANGER_KAFKA__BOOTSTRAP"] in running.said.out
    assert f"127.0.0.1:{running.settings['CLIFFHANGER_CLICKHOUSE__PORT']} (native)" in running.said.out
    assert "player.events.v1" in running.said.err


def test_up_again_is_harmless(running):
    said = running("up")
    assert said.out == running.said.out
    assert "runs already" in said.err


def test_status_tells_what_runs(running):
    said = running("status").out
    assert [line.split()[:2] for line in said.splitlines()[1:]] == [["clickhouse", "runs"], ["kafka", "runs"]]


def test_status_of_a_worker_that_is_not_there(running):
    said = running("status", "--worker", "127.0.0.1:1", code=1).out
    assert "no health page" in said


def test_status_of_a_collector_that_is_not_there(running):
    said = running("status", "--collector", "127.0.0.1:1", code=1).out
    assert said.splitlines()[-1].split()[:3] == ["collector", "no", "answer"]


def test_status_of_workers_and_collectors_anywhere_asks_no_stack(program):
    """With Kafka on another machine it refused: the stack is of this one."""
    away = {"CLIFFHANGER_KAFKA__BOOTSTRAP": "kafka.internal:9092"}
    said = program("status", "--worker", "127.0.0.1:1", "--collector", "127.0.0.1:1", code=1, **away).out
    assert "no health page" in said
    assert "no answer" in said
    assert "clickhouse" not in said


def test_status_without_a_stack(program):
    said = program("status", code=1).out
    assert said.count("stopped") == 2


def test_a_running_stack_is_not_wiped(running):
    said = running("wipe", code=1)
    assert "take the stack down first" in said.err


def test_a_port_in_use_is_told_by_its_setting(running, program):
    taken = {"CLIFFHANGER_KAFKA__BOOTSTRAP": running.settings["CLIFFHANGER_KAFKA__BOOTSTRAP"]}
    said = program("up", code=1, **taken)
    assert "in use" in said.err
    assert "CLIFFHANGER_KAFKA__BOOTSTRAP" in said.err


def test_migrations_that_are_pending_stop_a_worker_and_a_report(running):
    fresh = {"CLIFFHANGER_CLICKHOUSE__DATABASE": "not_yet"}
    for command in (["worker"], ["report", "binge"]):
        said = running(*command, code=1, **fresh)
        assert "0000_schema_migrations.sql" in said.err
        assert "cliffhanger migrate" in said.err


def test_a_dry_run_of_migrations_changes_nothing(running):
    fresh = {"CLIFFHANGER_CLICKHOUSE__DATABASE": "dry"}
    first = running("migrate", "--dry-run", **fresh).out
    assert "would apply 0000_schema_migrations.sql" in first
    assert running("migrate", "--dry-run", **fresh).out == first
    assert "applied 0000_schema_migrations.sql" in running("migrate", **fresh).out
    assert "nothing is pending" in running("migrate", **fresh).err


def test_a_report_on_nothing_is_empty(running):
    fresh = {"CLIFFHANGER_CLICKHOUSE__DATABASE": "empty"}
    running("migrate", **fresh)
    assert json.loads(running("report", "binge", "--json", **fresh).out)["sittings"] == 0
    assert json.loads(running("report", "dropoff", "--json", **fresh).out)["episodes"] == []
    assert json.loads(running("report", "paywall", "--json", **fresh).out)["gates"] == []
    running("report", "binge", **fresh)
