"""docker-compose.yml is whole and speaks of the settings that exist; where Docker is, it agrees."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.settings import Settings, as_environment
from tests.unit.cliffhanger import compose_file

ROOT = Path(__file__).parents[3]
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
SERVICE_KEYS = {
    "image", "build", "command", "environment", "depends_on", "restart", "ports", "volumes",
    "healthcheck", "deploy", "profiles", "stop_grace_period",
}  # fmt: skip
OURS = ("topics", "migrate", "collector", "worker", "simulator")


@pytest.fixture
def compose():
    return compose_file.read((ROOT / "docker-compose.yml").read_text())


def test_every_service_has_an_image_by_version_and_only_known_keys(compose):
    for name, service in compose["services"].items():
        assert set(service) <= SERVICE_KEYS, name
        image, _, tag = service["image"].rpartition(":")
        assert image, name
        assert tag[0].isdigit(), name


def test_what_a_service_waits_for_exists_and_can_say_that_it_is_ready(compose):
    services = compose["services"]
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS
            if how["condition"] == "service_healthy":
                assert services[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
            if how["condition"] == "service_completed_successfully":
                assert services[name]["restart"] == "on-failure"


def test_the_workers_wait_for_topics_and_tables_and_are_two(compose):
    worker = compose["services"]["worker"]
    assert set(worker["depends_on"]) == {"topics", "migrate"}
    assert worker["deploy"]["replicas"] == 2


def test_the_simulator_comes_only_when_it_is_asked_for(compose):
    profiles = {name: service.get("profiles") for name, service in compose["services"].items()}
    assert [name for name, of in profiles.items() if of] == ["simulator"]


def test_the_collector_can_say_that_it_is_ready_and_the_simulator_has_its_keys(compose):
    collector, simulator = compose["services"]["collector"], compose["services"]["simulator"]
    assert "/readyz" in collector["healthcheck"]["test"][-1]
    assert str(Settings.model_construct().collector.ops_port) in collector["healthcheck"]["test"][-1]
    assert collector["volumes"] == simulator["volumes"]
    assert collector["volumes"][0].endswith(collector["environment"]["CLIFFHANGER_DEVSTACK_HOME"])
    address = simulator["command"][simulator["command"].index("--via") + 1]
    assert address == f"http://collector:{Settings.model_construct().collector.port}"
    assert simulator["depends_on"]["collector"]["condition"] == "service_healthy"


def test_every_setting_of_ours_exists_under_its_name(compose):
    known = set(as_environment(Settings.model_construct()))
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= known


def test_no_text_sleeps(compose):
    assert "sleep" not in json.dumps(compose)


def test_volumes_are_declared(compose):
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in compose["volumes"]


def test_both_places_run_the_same_commands(compose):
    for name in OURS:
        service = compose["services"][name]
        command = service["command"][0]
        assert (ROOT / "cliffhanger" / "commands" / f"{command}.py").exists()
        assert service["build"] == "."


def test_the_image_holds_every_package_that_a_worker_imports():
    copies = [line.split() for line in (ROOT / "Dockerfile").read_text().splitlines()]
    copied = {words[1] for words in copies if words[:1] == ["COPY"] and not words[1].startswith("--from")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages <= copied
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept


def test_docker_compose_reads_it_the_same_way(compose):
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        return  # nothing to ask; the tests above have read it
    command = ["docker", "compose", "--profile", "*", "config", "--format", "json"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert set(json.loads(said)["services"]) == set(compose["services"])
