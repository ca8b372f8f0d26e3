"""The collector as a process: started before its broker, ended in good order, slow senders cut off."""

import http.client
import json
import socket
import threading
import time

import pytest

from devstack import DevStack, free_ports
from schemas.topics import PLAYER_EVENTS
from tests.support.collector_process import KEY, CollectorProcess, impression
from tests.support.pipeline import renew_topics, wait_until
from tests.support.topic import read_lines


@pytest.fixture
def make_collector(tmp_path):
    made = []

    def make(stack, **settings):
        made.append(CollectorProcess(stack, tmp_path, **settings))
        made[-1].start()
        return made[-1]

    yield make
    for collector in made:
        collector.close()


def post(collector, events):
    """Status and body of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=30)
    try:
        connection.request("POST", "/v1/events", json.dumps(events), {"X-Write-Key": KEY})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), dict(answer.getheaders())
    finally:
        connection.close()


def test_without_a_broker_it_starts_refuses_and_ends(tmp_path, make_collector):
    collector = make_collector(DevStack(tmp_path / "nowhere", free_ports()))
    wait_until(lambda: collector.page("/healthz") == 200, 30)
    assert collector.page("/readyz") == 503
    status, body, headers = post(collector, [impression("p")])
    assert (status, body["error"]) == (503, "broker_away")
    assert int(headers["retry-after"]) >= 1
    assert collector.stop() == 0


def test_a_request_under_way_at_a_sigterm_is_acknowledged(stack, make_collector):
    renew_topics(stack.bootstrap)
    collector = make_collector(stack, pack_age_ms=700)
    collector.wait_until_ready()
    answers, events = [], [impression("p") for _ in range(5)]
    asking = threading.Thread(target=lambda: answers.append(post(collector, events)))
    asking.start()
    wait_until(lambda: "bytes_under_way 0.0" not in metrics(collector), 10, every_s=0.01)
    assert collector.stop() == 0
    asking.join()
    ((status, body, _),) = answers
    assert (status, body["accepted"]) == (200, 5)
    assert len(log(stack)) == 5


def test_bad_events_are_answered_for_and_sealed_in_the_log(stack, make_collector):
    renew_topics(stack.bootstrap)
    collector = make_collector(stack)
    collector.wait_until_ready()
    secret = impression("p") | {"platform": "a secret"}
    status, body, _ = post(collector, [impression("p"), secret, 42])
    assert (status, body["accepted"]) == (200, 1)
    assert body["quarantined"] == [
        {"index": 1, "reason": "invalid_value"},
        {"index": 2, "reason": "not_an_object"},
    ]
    lines = log(stack)
    assert len(lines) == 3
    assert not any(b"secret" in line or secret["viewer_id"].encode() in line for line in lines)
    told = metrics(collector)
    assert 'events_total{outcome="accepted"} 1.0' in told
    assert 'quarantined_total{reason="invalid_value"} 1.0' in told
    assert "a secret" not in collector.log.read_text()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Write-Key: %b\r\nContent-Length: 10\r\n\r\n["
        % KEY.encode(),
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_sender_that_does_not_go_on_is_cut_off(stack, make_collector, said):
    collector = make_collector(stack, read_timeout_s=0.5)
    collector.wait_until_ready()
    with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection:
        began = time.monotonic()
        connection.sendall(said)
        answer = connection.recv(1024)
        assert 0.3 < time.monotonic() - began < 5
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")


def log(stack):
    lines = read_lines(stack.bootstrap, PLAYER_EVENTS.name, PLAYER_EVENTS.partitions)
    return [line for some in lines.values() for line in some]


def metrics(collector):
    connection = http.client.HTTPConnection("127.0.0.1", collector.ops_port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()
