"""How Kafka is configured and started."""

import re

import pytest

from devstack.kafka import broker
from devstack.kafka.broker import KafkaProgram, new_cluster_id
from devstack.ports import StackPorts

PORTS = StackPorts(kafka=21_001, kafka_controller=21_002)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A Kafka that is formatted already, with a Java and jars that are only names."""
    monkeypatch.setattr(broker, "find_java", lambda: "/bin/java")
    monkeypatch.setattr(broker, "fetch_jars", lambda cache, *, say: cache)
    data = tmp_path / "kafka" / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").touch()
    return KafkaProgram(tmp_path / "kafka", PORTS, jars=tmp_path / "jars", say=print)


def test_the_command_bounds_the_memory_and_names_the_configuration(program, tmp_path):
    assert program.prepare() == [
        "/bin/java",
        "-Xmx512m",
        f"-Dlog4j2.configurationFile=file://{tmp_path}/kafka/log4j2.properties",
        "-cp",
        f"{tmp_path}/jars/*",
        "kafka.Kafka",
        f"{tmp_path}/kafka/server.properties",
    ]


def test_the_configuration_listens_on_loopback_only(program, tmp_path):
    program.prepare()
    lines = (tmp_path / "kafka" / "server.properties").read_text().splitlines()
    assert "listeners=PLAINTEXT://127.0.0.1:21001,CONTROLLER://127.0.0.1:21002" in lines
    assert "advertised.listeners=PLAINTEXT://127.0.0.1:21001" in lines
    assert f"log.dirs={tmp_path}/kafka/data" in lines
    assert not any("$" in line for line in lines)


def test_its_ports_are_named_after_what_sets_them(program):
    assert program.address == "127.0.0.1:21001"
    assert program.ports == {"kafka": 21_001, "kafka_controller": 21_002}


def test_a_cluster_id_is_no_option_of_a_command_line():
    identifiers = {new_cluster_id() for _ in range(200)}
    assert len(identifiers) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", identifier) for identifier in identifiers)
