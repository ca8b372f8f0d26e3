"""Hostile bytes over sockets to a real process: it answers, stays up, stays small, and logs nothing of it."""

import contextlib
import http.client
import json
import socket
import time
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest

from devstack import free_ports
from tests.hostile.generated import CANARY
from tests.hostile.mutations import mutated
from tests.support.collector_process import KEY, CollectorProcess
from tests.support.pipeline import wait_until
from tests.unit.streams.contract import EXAMPLES

MB = 1024 * 1024
BODY = json.dumps([EXAMPLES["heartbeat"]]).encode()
REQUESTS, READ_TIMEOUT_S = 400, 1.0


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """A collector whose broker is away: what is good is answered with 503, and nothing else ever is."""
    nobody = SimpleNamespace(bootstrap=f"127.0.0.1:{free_ports().kafka}")
    process = CollectorProcess(nobody, tmp_path_factory.mktemp("hostile"), read_timeout_s=READ_TIMEOUT_S)
    process.start()
    try:
        wait_until(lambda: process.page("/healthz") == 200, 30)
        yield process
        assert process.stop() == 0
        log = process.log.read_text()
        assert CANARY not in log
        assert "Traceback" not in log
        assert EXAMPLES["heartbeat"]["event_id"] not in log
    finally:
        process.close()


def head(*lines, path="/v1/events", method="POST", version="HTTP/1.1"):
    text = "\r\n".join((f"{method} {path} {version}", "Host: collector", f"X-Write-Key: {KEY}", *lines))
    return text.encode("latin-1") + b"\r\n\r\n"


LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"
RAW = {
    "nothing": b"",
    "noise": bytes(range(256)) * 20,
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"POST /v1/events\r\n\r\n",
    "HTTP/9.9": head(LENGTH, version="HTTP/9.9") + BODY,
    "an unknown method": head(LENGTH, method="CANARY") + BODY,
    "an absolute address": head(LENGTH, path=f"http://{CANARY}/v1/events") + BODY,
    "a path that climbs": head(LENGTH, path="/sdk/../../../etc/passwd") + BODY,
    "a path that climbs, encoded": head(LENGTH, path="/sdk/%2e%2e/%2e%2e/etc/passwd") + BODY,
    "NUL in a path": head(LENGTH, path="/v1/\0events") + BODY,
    "NUL in a header": head(LENGTH, f"X-A: {CANARY}\0") + BODY,
    "a header without a colon": head(LENGTH, CANARY) + BODY,
    "a header that goes on": head(LENGTH, "X-A: a", f"  {CANARY}") + BODY,
    "a header without a name": head(LENGTH, f": {CANARY}") + BODY,
    "bytes past ASCII": head(LENGTH, f"X-A: \xff\xfe{CANARY}", "X-Session-Token: \xff") + BODY,
    "two lengths": head(LENGTH, "Content-Length: 3") + BODY,
    "two lengths that agree": head(LENGTH, LENGTH) + BODY,
    "a length and chunks": head(LENGTH, CHUNKED) + b"0\r\n\r\n" + BODY,
    "chunks twice": head(CHUNKED, CHUNKED) + b"0\r\n\r\n",
    "chunks of something else": head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "a negative length": head("Content-Length: -1") + BODY,
    "a length that is none": head(f"Content-Length: {CANARY}") + BODY,
    "a length past 64 bits": head("Content-Length: " + "9" * 30) + BODY,
    "a length with a plus": head(f"Content-Length: +{len(BODY)}") + BODY,
    "a chunk without a size": head(CHUNKED) + b"\r\n" + BODY,
    "a chunk of a negative size": head(CHUNKED) + b"-1\r\n" + BODY,
    "a chunk past 64 bits": head(CHUNKED) + b"f" * 20 + b"\r\n" + BODY,
    "a chunk that is cut off": head(CHUNKED) + b"ffff\r\n" + BODY,
    "a chunk with an extension": head(CHUNKED) + b"2;" + CANARY.encode() * 1_000 + b"\r\n[]\r\n0\r\n\r\n",
    "chunks of one byte": head(CHUNKED) + b"1\r\n \r\n" * 200_000 + b"0\r\n\r\n",
    "trailers": head(CHUNKED) + b"2\r\n[]\r\n0\r\n" + b"X-A: b\r\n" * 2_000 + b"\r\n",
    "a body that is cut off": head(LENGTH) + BODY[:-5],
    "a body that is longer": head(LENGTH) + BODY + b"POST",
    "expects": head(LENGTH, "Expect: 100-continue") + BODY,
    "upgrades": head(LENGTH, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: a") + BODY,
    "upgrades to HTTP/2": head(LENGTH, "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings") + BODY,
    "a hundred at once": (head(LENGTH) + BODY) * 100,
    "a thousand headers": head(LENGTH, *(f"X-{number}: {CANARY}" for number in range(1_000))) + BODY,
    "a header of a megabyte": head(LENGTH, "X-A: " + "a" * MB) + BODY,
    "a path of a megabyte": head(LENGTH, path="/" + "a" * MB) + BODY,
    "a query of a megabyte": head(LENGTH, path="/v1/events?key=" + "a" * MB) + BODY,
    "more than is declared allowed": head(f"Content-Length: {64 * MB}") + b" " * (4 * MB),
    "more in chunks than is allowed": head(CHUNKED)
    + b"100000\r\n"
    + b" " * MB
    + b"\r\n100000\r\n"
    + b" " * MB,
}


def exchange(port, data, *, ends=True, within_s=10):
    """Send bytes and return everything that comes back until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=within_s) as connection:
        with contextlib.suppress(OSError):  # it may have heard enough
            connection.sendall(data)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                received += chunk
        return received


def statuses(received):
    """The status of every answer among what was received; each must be an answer."""
    found = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert found or not received
    return found


def memory(process):
    """The most memory that the process ever had, in bytes."""
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def still_serves(process):
    connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
    try:
        connection.request("POST", "/v1/events", BODY, {"X-Write-Key": KEY})
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["error"]) == (503, "broker_away")
        assert answer.getheader("Retry-After") == "2"
    finally:
        connection.close()


@pytest.mark.parametrize("name", RAW)
def test_whatever_bytes_come_the_answer_is_a_refusal(process, name):
    received = exchange(process.port, RAW[name])
    assert all(400 <= status < 500 or status in {100, 503} for status in statuses(received)), received[:200]
    assert CANARY.encode() not in received
    still_serves(process)


@pytest.mark.parametrize(
    "data", [b"", b"POST", head()[:-2], head(LENGTH) + BODY[:-1], head(CHUNKED) + b"5\r\na"]
)
def test_who_never_ends_is_not_waited_for(process, data):
    began = time.monotonic()
    received = exchange(process.port, data, ends=False, within_s=20)
    assert time.monotonic() - began < 10 * READ_TIMEOUT_S
    assert set(statuses(received)) <= {400, 408}


ENDLESS = {
    "headers": head()[:-4] + (b"\r\nX-A: " + b"a" * 1_000) * 100_000,
    "one header": head()[:-4] + b"\r\nX-A: " + b"a" * 100 * MB,
    "a path": b"POST /" + b"a" * 100 * MB,
    "trailers": head(CHUNKED) + b"2\r\n[]\r\n0\r\n" + (b"X-A: " + b"a" * 1_000 + b"\r\n") * 100_000,
    "a chunk's extension": head(CHUNKED) + b"2;" + b"a" * 100 * MB,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_is_no_body_does_not_grow_in_memory(process, name):
    """The parser has no limits of its own: it held a head of any length until the time was over."""
    before = memory(process)
    received = exchange(process.port, ENDLESS[name], ends=False)
    assert set(statuses(received)) <= {431, 503}
    assert memory(process) - before < 20 * MB
    still_serves(process)


def test_a_thousand_silent_connections_are_let_go(process):
    silent = [socket.create_connection(("127.0.0.1", process.port)) for _ in range(1_000)]
    try:
        still_serves(process)
        for connection in silent:
            connection.settimeout(20)
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""
    finally:
        for connection in silent:
            connection.close()


def test_generated_requests_over_a_socket(process):
    rng, connection, before = Random("http"), None, memory(process)
    for _ in range(REQUESTS):
        request = mutated(rng)
        headers = {name: value for name, value in request.headers if value and name != "x-write-key"}
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=10)
        connection.request("POST", request.path, request.body, headers | {"X-Write-Key": KEY})
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status in {200, 204, 400, 401, 403, 413, 415, 503}
        assert answer.status >= 400 or request.path != "/v1/events"  # what means nothing needs no broker
        assert CANARY.encode() not in told
        if answer.will_close:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    assert memory(process) - before < 60 * MB
    still_serves(process)
