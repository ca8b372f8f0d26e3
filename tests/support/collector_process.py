"""A collector as a process of its own, to be started, killed and started again; and clients that retry."""

import base64
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from typing import NamedTuple

from devstack import free_ports
from runtime.settings import as_environment, load
from tests.support.pipeline import ROOT, wait_until

KEY = "a-write-key-of-tests"
CLIENTS, BATCH = 8, 20
EVENTS_A_PAYWALL = 200
RETRY_S = 0.05


class CollectorProcess:
    """A collector at an address that stays the same. Close it: it ends what it started."""

    def __init__(self, stack, folder, **settings):
        keys = folder / "keys.json"
        player = {"id": "tests", "kind": "player", "token": KEY, "events_per_s": 1e7, "burst": 10**8}
        keys.write_text(json.dumps({"keys": [player]}))
        ports = free_ports()
        self.port, self.ops_port = ports.kafka, ports.kafka_controller
        self.log = folder / "collector.log"
        self.process = None
        self.settings = load(
            kafka={"bootstrap": stack.bootstrap},
            quarantine_key=base64.b64encode(b"q" * 32).decode(),
            collector={
                "port": self.port,
                "ops_port": self.ops_port,
                "keys_file": keys,
                "pseudonym_key": "p" * 32,
                "network_events_per_s": 1e7,
                "network_burst": 10**8,
                **settings,
            },
        )

    def start(self):
        """Start it; it may not be ready yet."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cliffhanger", "collector"],
                cwd=ROOT,
                env=os.environ | as_environment(self.settings),
                stdout=log,
                stderr=log,
            )

    def page(self, path):
        """Status of a page for operations; None when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}{path}", timeout=2) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def wait_until_ready(self, timeout_s=60):
        wait_until(lambda: self.page("/readyz") == 200, timeout_s)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout_s=20):
        """End it in good order; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Answered(NamedTuple):
    """One request as its sender saw it. `status` is 0 when there was no answer."""

    began_s: float
    ended_s: float
    status: int


class Client:
    """Sends batches of impressions until stopped. What is not answered with 200 is sent again as it is."""

    def __init__(self, port, name):
        self.acknowledged = []
        self.answers = []
        self.by_paywall = {}
        self._port, self._name = port, name
        self._stop = threading.Event()
        self._connection = None
        self._thread = threading.Thread(target=self._run, name=name)
        self._thread.start()

    def stop(self):
        """Send no other batch; return when the last one is acknowledged."""
        self._stop.set()

    def join(self, timeout_s):
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), f"{self._name} still has a batch that nobody acknowledges"

    def _run(self):
        for number in itertools.count():
            if self._stop.is_set():
                break
            paywall = f"{self._name}-{number * BATCH // EVENTS_A_PAYWALL}"
            events = [impression(paywall) for _ in range(BATCH)]
            body = "\n".join(map(json.dumps, events)).encode()
            while self._send(body) != 200:
                time.sleep(RETRY_S)  # what a client does
            self.acknowledged += [event["event_id"] for event in events]
            self.by_paywall[paywall] = self.by_paywall.get(paywall, 0) + len(events)

    def _send(self, body):
        began = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            headers = {"X-Write-Key": KEY, "Content-Type": "application/x-ndjson"}
            self._connection.request("POST", "/v1/events", body, headers)
            answer = self._connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            status = 0
        self.answers.append(Answered(began, time.monotonic(), status))
        return status


class Clients:
    """Several clients under one roof: stopped and judged together."""

    def __init__(self, port):
        self.each = [Client(port, f"client-{number}") for number in range(CLIENTS)]

    @property
    def acknowledged(self):
        return [event_id for client in self.each for event_id in client.acknowledged]

    @property
    def answers(self):
        return sorted(answer for client in self.each for answer in client.answers)

    @property
    def by_paywall(self):
        return {name: count for client in self.each for name, count in client.by_paywall.items()}

    def finish(self, timeout_s=60):
        """Let every client have its last batch acknowledged."""
        for client in self.each:
            client.stop()
        for client in self.each:
            client.join(timeout_s)


def impression(paywall):
    """An impression of a viewer that is never heard of again."""
    now_ms = time.time_ns() // 1_000_000
    identity = str(uuid.uuid4())
    return {
        "event_type": "paywall_impression", "schema_version": 1, "event_id": identity,
        "viewer_id": f"viewer-{identity}", "occurred_at": now_ms, "sent_at": now_ms,
        "app_session_id": "session", "platform": "web", "environment": "production", "app_version": "1",
        "country": "US", "series_id": "series", "episode_no": 5, "duration_ms": 60_000, "is_free": False,
        "paywall_no": 1, "paywall_impression_id": identity, "paywall_id": paywall, "trigger": "auto_next",
    }  # fmt: skip
