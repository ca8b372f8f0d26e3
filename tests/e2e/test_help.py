import os
import subprocess
import sys

import pytest

from tests.e2e.program import ROOT

COMMANDS = (
    "up", "down", "status", "wipe", "topics", "migrate", "worker", "collector", "simulate", "replay",
    "report", "demo", "settings", "refold", "checkpoints", "epoch", "quarantine",
)  # fmt: skip


def test_help_names_every_command(program):
    said = program("--help").out
    for command in COMMANDS:
        assert f"\n  {command} " in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples(program, command):
    said = program(command, "--help").out
    assert "Examples:" in said
    assert f"cliffhanger {command}" in said


def test_help_takes_less_than_half_a_second_of_processor_time():
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "cliffhanger", "--help"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 0.5


def test_help_loads_nothing_heavy():
    heavy = "{'pydantic', 'kafka', 'faust', 'clickhouse_driver', 'rich'}"
    check = f"import sys, cliffhanger.__main__; sys.exit(str({heavy} & set(sys.modules) or ''))"
    ran = subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False, capture_output=True, text=True)
    assert ran.stderr.strip() == ""
