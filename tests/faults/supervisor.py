"""Worker processes as a platform runs them: one that ends is started again, at once."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from devstack.ports import is_free
from devstack.process import sight
from runtime.settings import as_environment
from tests.support.pipeline import ROOT

POLL_S = 0.03


@dataclass
class Kept:
    """A worker that is kept running: what it is started with, and what became of it."""

    name: str
    environment: dict
    command: list
    page: int
    process: subprocess.Popen = None
    wanted: bool = True
    exits: list = field(default_factory=list)

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    @property
    def suspended(self):
        """Whether it lives but was stopped by a signal."""
        sighting = sight(self.process.pid)
        return sighting is not None and sighting.suspended

    def health(self):
        """What its page says, or None when there is no answer."""
        try:
            with urlopen(f"http://127.0.0.1:{self.page}/health", timeout=1) as page:
                return json.load(page)
        except HTTPError as unwell:
            with unwell:
                return json.load(unwell)
        except (URLError, OSError, ValueError):
            return None

    def gauge(self, name):
        """What its metrics say now of a gauge without labels."""
        with urlopen(f"http://127.0.0.1:{self.page}/metrics", timeout=1) as page:
            lines = page.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def partitions(self):
        """The partitions it says it has; none while it does not answer."""
        health = self.health()
        return {p["partition"] for p in health["partitions"]} if health else set()


class Supervisor:
    """Starts workers, starts them again when they end, and ends them all when it is closed."""

    def __init__(self, settings, log_folder):
        self._settings, self._logs = settings, log_folder
        self.workers = {}
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def start(self, name, *, clickhouse_port, instance_id=None, command=("cliffhanger", "worker"), extra=()):
        """Start a worker, under a proxy's port of the warehouse; return it."""
        page = free_port()
        variables = {
            "CLIFFHANGER_CLICKHOUSE__PORT": str(clickhouse_port),
            "CLIFFHANGER_WORKER__NAME": name,
            "CLIFFHANGER_WORKER__WEB_PORT": str(page),
            **dict(extra),
        }
        if instance_id:
            variables["CLIFFHANGER_KAFKA__INSTANCE_ID"] = instance_id
        worker = Kept(name, variables, [sys.executable, "-m", *command], page)
        with self._lock:
            self.workers[name] = worker
            self._spawn(worker)
        return worker

    def stop(self, name, timeout_s=60):
        """End a worker in good order; return how long that took and its exit code."""
        with self._lock:
            worker = self.workers.pop(name)
            worker.wanted = False
        began = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        code = worker.process.wait(timeout_s)
        return time.monotonic() - began, code

    def abandon(self, name):
        """Forget a worker without ending it: a zombie belongs to nobody."""
        with self._lock:
            return self.workers.pop(name)

    def close(self):
        self._closed.set()
        self._thread.join()
        for worker in self.workers.values():
            worker.wanted = False
            if worker.alive:
                worker.process.kill()
            worker.process.wait()

    def _spawn(self, worker):
        with (self._logs / f"{worker.name}.log").open("ab") as log:
            worker.process = subprocess.Popen(
                worker.command,
                cwd=ROOT,
                env=os.environ | as_environment(self._settings) | worker.environment,
                stdout=log,
                stderr=log,
            )

    def _watch(self):
        while not self._closed.wait(POLL_S):
            with self._lock:
                for worker in list(self.workers.values()):
                    if worker.wanted and worker.process.poll() is not None:
                        worker.exits.append(worker.process.returncode)
                        self._spawn(worker)


def free_port():
    """A free port below those that the kernel gives to clients."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        if is_free(port):
            return port
