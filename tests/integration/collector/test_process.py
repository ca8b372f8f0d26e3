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


@pytest.fixture(scope="module")
def hasty(stack, tmp_path_factory):
    """A collector that waits for half a second and takes three connections."""
    folder = tmp_path_factory.mktemp("hasty")
    collector = CollectorProcess(stack, folder, read_timeout_s=0.5, max_connections=3)
    collector.start()
    collector.wait_until_ready()
    yield collector
    collector.close()


HEAD = b"POST /v1/events HTTP/1.1\r\nHost: x\r\n"
KEYED = HEAD + b"X-Write-Key: " + KEY.encode() + b"\r\n"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"", None),
        (HEAD, None),
        (KEYED + b"Content-Length: 10\r\n\r\n[", 408),
        (KEYED + b"Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n", 408),
        (HEAD + b"Content-Length: 10\r\n\r\n[", 401),
        (KEYED + b"Content-Length: 99999999\r\n\r\n[", 413),
        (KEYED + b"Content-Length: 1\r\n\r\n[" + HEAD, 400),
    ],
    ids=[
        "nothing", "half a head", "half a body", "half a chunk", "a refused body that goes on",
        "a body too large", "half of a second request",
    ],
)  # fmt: skip
def test_a_sender_that_does_not_go_on_is_cut_off(hasty, said, status):
    with socket.create_connection(("127.0.0.1", hasty.port), timeout=10) as connection:
        began = time.monotonic()
        connection.sendall(said)
        answer = to_its_end(connection)
        assert 0.3 < time.monotonic() - began < 5
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) if status else answer == b""


def test_more_connections_than_may_be_are_closed_and_the_others_are_served(hasty):
    held = [socket.create_connection(("127.0.0.1", hasty.port), timeout=10) for _ in range(3)]
    try:
        with socket.create_connection(("127.0.0.1", hasty.port), timeout=10) as one_more:
            assert to_its_end(one_more) == b""
        held[0].sendall(KEYED + b"Content-Length: 1\r\n\r\n[")
        assert held[0].recv(65_536).startswith(b"HTTP/1.1 400 ")
    finally:
        for connection in held:
            connection.close()


def to_its_end(connection):
    """All that comes until the other side closes."""
    said = b""
    try:
        while chunk := connection.recv(65_536):
            said += chunk
    except ConnectionResetError:
        pass
    return said


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
