"""A Kafka that asks for TLS, a login, or both, and lets each user do only what docs/operating.md says."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACLOperation, ResourceType

from producers.broker import connect
from producers.collector.delivery import new_link
from producers.sender import Sender, SenderSettings
from producers.topics_admin import ensure_topics
from runtime.brokers import Brokers
from runtime.clock import SystemClock
from runtime.errors import BrokerAwayError, LoginError
from runtime.settings import CollectorSettings, KafkaSettings, as_environment, load
from schemas.topics import CONSUMER_GROUP, PLAYER_EVENTS, QUARANTINE, TOPICS
from streams.log import LogReader
from tests.integration.conftest import JARS
from tests.support.pipeline import ROOT, Pipeline, wait_until
from tests.support.secured_kafka import PASSWORD, SCRAM, SecuredKafka
from tests.support.sockets import sockets_collected  # noqa: F401 -- a fixture
from tests.unit.oracle.events import start

CREATE, DESCRIBE, CONFIGS = ACLOperation.CREATE, ACLOperation.DESCRIBE, ACLOperation.DESCRIBE_CONFIGS
READ, WRITE = ACLOperation.READ, ACLOperation.WRITE
MAY = {
    "administrator": [(ResourceType.TOPIC, topic.name, CREATE, DESCRIBE, CONFIGS) for topic in TOPICS],
    "collector": [(ResourceType.TOPIC, PLAYER_EVENTS.name, WRITE)],
    "worker": [
        (ResourceType.TOPIC, PLAYER_EVENTS.name, READ),
        (ResourceType.TOPIC, QUARANTINE.name, WRITE),
        (ResourceType.GROUP, CONSUMER_GROUP, READ),
    ],
}
"""What is written in docs/operating.md. To describe comes with reading and with writing."""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    secured = SecuredKafka(tmp_path_factory.mktemp("secured"), JARS)
    secured.start()
    for user, rights in MAY.items():
        for right in rights:
            secured.allow(user, *right)
    for right in MAY["worker"]:
        secured.allow("CN=worker", *right)
    yield secured
    secured.stop()


def login(kafka, user, protocol="SASL_SSL", mechanism="SCRAM-SHA-512", **more):
    """The settings of a user of the listener of a protocol."""
    settings = {"bootstrap": kafka.bootstrap[protocol], "security_protocol": protocol}
    if protocol.endswith("SSL"):
        settings["ca_file"] = kafka.ca_file
    if protocol.startswith("SASL"):
        settings |= {"user": user, "password": PASSWORD, "sasl_mechanism": mechanism}
    else:
        settings |= {"cert_file": kafka.cert_file, "key_file": kafka.key_file}
    return settings | more


WAYS = [("SSL", "PLAIN"), ("SASL_PLAINTEXT", "PLAIN"), ("SASL_SSL", "SCRAM-SHA-512")]


@pytest.mark.parametrize(("protocol", "mechanism"), WAYS)
def test_every_way_in_leads_from_an_event_to_its_row(kafka, stack, database, tmp_path, protocol, mechanism):
    of_worker = login(kafka, "worker", protocol, mechanism)
    both = SimpleNamespace(bootstrap=kafka.bootstrap["PLAINTEXT"], clickhouse_port=stack.clickhouse_port)
    pipeline = Pipeline(both, database, tmp_path, partitions=2, kafka=of_worker)
    try:
        ensure_topics(Brokers(**login(kafka, "administrator")), 2)
        of_collector = Brokers(**login(kafka, "collector"))
        with Sender(SenderSettings(brokers=of_collector)) as sender:
            sender.send("v", json.dumps(start()).encode())
            sender.send("v", b"no event")
        pipeline.drain(workers=1, timeout_s=60)
        pipeline.assert_conserved(2)
        assert sum(pipeline.quarantined().values()) == 1
        with LogReader(KafkaSettings(**of_worker)) as log:
            assert sum(log.ends().values()) == 1
    finally:
        pipeline.close()


def of_commands(**kafka):
    return os.environ | as_environment(load(kafka=kafka))


def test_a_command_with_a_wrong_password_ends_at_once_and_names_the_user(kafka):
    done = subprocess.run(
        [sys.executable, "-m", "cliffhanger", "topics"],
        cwd=ROOT,
        env=of_commands(**login(kafka, "administrator", password="wrong")),
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 1
    assert "refuses the user administrator" in done.stderr
    assert "invalid credentials" in done.stderr
    assert "wrong" not in done.stderr


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # kafka-python leaves a socket
@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"ca_file": None}, "CERTIFICATE_VERIFY_FAILED"),
        ({"protocol": "SSL", "cert_file": None, "key_file": None}, "ALERT|certificate"),
    ],
)
def test_what_the_handshake_says_is_told(kafka, settings, why):
    brokers = Brokers(**login(kafka, "collector", **settings))
    with pytest.raises(BrokerAwayError, match=why):
        new_link(brokers, CollectorSettings())


@pytest.mark.parametrize("mechanism", SCRAM)
def test_both_kinds_of_scram_let_in(kafka, mechanism):
    brokers = Brokers(**login(kafka, "administrator", mechanism=mechanism))
    connect(
        lambda: KafkaAdminClient(**brokers.client_options()), brokers, within_s=20, clock=SystemClock()
    ).close()


def test_a_collector_that_is_refused_says_so(kafka):
    refused = []

    def is_refused():
        """Kafka may hang up before its answer is read: a collector tries again and again."""
        try:
            new_link(Brokers(**login(kafka, "stranger")), CollectorSettings())
        except (LoginError, BrokerAwayError) as error:
            refused.append(error)
        return isinstance(refused[-1], LoginError)

    wait_until(is_refused, 30)
    assert "refuses the user stranger" in str(refused[-1])
