"""docs/sending.md runs as it is written: every example, in order, against the collector on a real socket."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import uvicorn

from producers.collector.answers import CODES
from producers.collector.app import make_app
from producers.collector.development import development_settings
from producers.collector.door import Door
from producers.collector.intake import Intake
from producers.collector.keys import KeysFile
from producers.collector.limits import RateLimits
from producers.collector.pseudonyms import Pseudonyms
from runtime.clock import SystemClock
from runtime.metrics import CollectorMetrics
from runtime.sealing import Seal
from runtime.settings import CollectorSettings, load
from schemas.fields import MAX_LINE_BYTES
from schemas.reasons import Reason
from tests.contracts.memory_delivery import MemoryDelivery

PAGE = (Path(__file__).parents[3] / "docs" / "sending.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
RUN = {"sh": "{}", "python": "python3 - <<'END_OF_PYTHON'\n{}END_OF_PYTHON\n"}
MARK = "---- the end of an example ----"


@pytest.fixture
def collector(tmp_path):
    """A collector on loopback, with the keys of the development stack and a log in memory."""
    settings = load(**development_settings(tmp_path / ".devstack"))
    clock, metrics = SystemClock(), CollectorMetrics()
    delivery = MemoryDelivery(settings.collector)
    limits = RateLimits(settings.collector.network_events_per_s, settings.collector.network_burst)
    intake = Intake(
        settings.collector,
        delivery,
        Pseudonyms(settings.collector.pseudonym_key),
        Seal.of(settings.quarantine_key, "collector"),
        limits,
        metrics,
        clock,
    )
    door = Door(KeysFile(settings.collector.keys_file, clock), limits, (), clock)
    app = make_app(settings.collector, door=door, intake=intake, metrics=metrics, clock=clock)
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False)
    server, listening = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", delivery
    server.should_exit = True
    thread.join()
    listening.close()


def examples():
    """The blocks that run, each with the block that says what it prints, if the next one does."""
    following = [*BLOCKS[1:], ("", "")]
    for (language, text), (kind, printed) in zip(BLOCKS, following, strict=True):
        if language in RUN:
            yield RUN[language].format(text), (kind, printed) if kind in {"json", "text"} else None


def test_every_example_does_what_the_page_says(collector, tmp_path):
    address, delivery = collector
    script = "".join(f"{code}\necho\necho '{MARK}'\n" for code, _ in examples())
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": path, "COLLECTOR": address},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    outputs = [output.strip() for output in done.stdout.split(MARK)][:-1]
    expected = list(examples())
    assert len(outputs) == len(expected)
    for output, (code, printed) in zip(outputs, expected, strict=True):
        if printed is None:
            assert output == "", code
        elif printed[0] == "json":
            assert json.loads(output) == json.loads(printed[1]), code
        else:
            assert output == printed[1].strip(), code
    told = [json.loads(line)["event_type"] for line in delivery.lines()]
    assert sorted(told) == sorted(
        [
            *["play_start"] * 4,
            *["heartbeat"] * 6,
            "sealed",
            *["purchase"] * 2,
            "unlock",
        ]
    )


def test_the_page_names_every_refusal_at_its_status():
    table = dict(
        re.findall(r"^\| ([\d, ]+) \| (.*?) \|", PAGE.split("## What an answer means")[1], re.MULTILINE)
    )
    named = {code for codes in table.values() for code in re.findall(r"`(\w+)`", codes)}
    assert named == set(CODES)


def test_the_limits_of_the_page_are_those_of_the_settings():
    told = dict(re.findall(r"^\| ([a-z ,]+) \| ([\d,]+)(?: s)? \|$", PAGE, re.MULTILINE))
    settings = CollectorSettings()
    assert {name: int(value.replace(",", "")) for name, value in told.items()} == {
        "events a request": settings.max_events,
        "bytes of an event": settings.max_event_bytes,
        "bytes of a body, packed and unpacked": settings.max_body_bytes,
        "time for a whole request": settings.read_timeout_s,
    }
    assert settings.max_event_bytes == MAX_LINE_BYTES


def test_the_reasons_of_the_page_exist():
    named = set(re.findall(r'"reason": "(\w+)"', PAGE)) | {"clock_unusable", "other_session"}
    assert named <= set(Reason)
