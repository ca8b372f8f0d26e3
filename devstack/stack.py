"""The stack as one thing: Kafka and ClickHouse started, waited for, watched and stopped together."""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from devstack.clickhouse.service import ClickHouseProgram
from devstack.errors import DevStackError
from devstack.kafka.broker import KafkaProgram
from devstack.lock import locked
from devstack.ports import LOOPBACK, StackPorts
from devstack.service import Service, ServiceStatus

DEFAULT_HOME = Path(".devstack")

_log = logging.getLogger(__name__)


class DevStack:
    """A Kafka and a development ClickHouse on loopback, with data and logs under `home`.

    The processes outlive the program that started them. Everything known about them is in `home`,
    so any later DevStack of the same folder finds, mends or stops the same ones. What was
    acknowledged survives a stop, a crash of either and a crash of the caller.

    `jars` is where Kafka's jars are kept (`home/jars` by default): stacks with a home of their own
    share one folder to fetch them once. `say` hears what happens, one sentence at a time.
    """

    def __init__(
        self,
        home: Path = DEFAULT_HOME,
        ports: StackPorts = StackPorts(),  # noqa: B008 -- frozen
        *,
        jars: Path | None = None,
        say: Callable[[str], None] = _log.info,
    ) -> None:
        self.home = home.resolve()
        self.ports = ports
        self._say = say
        kafka = KafkaProgram(self.home / "kafka", ports, jars=jars or self.home / "jars", say=say)
        self.kafka = Service(kafka, self.home)
        self.clickhouse = Service(ClickHouseProgram(self.home / "clickhouse", ports), self.home)
        self.services = (self.clickhouse, self.kafka)

    @property
    def bootstrap(self) -> str:
        """Kafka's address, as host:port."""
        return f"{LOOPBACK}:{self.ports.kafka}"

    @property
    def clickhouse_host(self) -> str:
        """The host of both protocols of ClickHouse."""
        return LOOPBACK

    @property
    def clickhouse_port(self) -> int:
        """The port of ClickHouse's native protocol."""
        return self.ports.clickhouse

    @property
    def clickhouse_http_url(self) -> str:
        """Where ClickHouse answers over HTTP."""
        return f"http://{LOOPBACK}:{self.ports.clickhouse_http}/"

    def up(self, *, timeout_s: float = 90) -> None:
        """Run whatever does not run and wait until all of it answers.

        Raises DevStackError, and stops what it started itself, when that does not succeed.
        """
        with self._locked():
            deadline = time.monotonic() + timeout_s
            for service in self.services:
                service.check_ports()
            launched: list[Service] = []
            try:
                for service in self.services:
                    if self._launch(service):
                        launched.append(service)
                for service in self.services:
                    service.wait(timeout_s=deadline - time.monotonic())
            except BaseException:
                for service in launched:
                    service.stop()
                raise
            for service in launched:
                self._say(f"{service.name} answers at {service.program.address}")

    def _launch(self, service: Service) -> bool:
        mended = service.process.crashed
        launched = service.launch()
        if not launched:
            self._say(f"{service.name} runs already at {service.program.address}")
        elif mended:
            self._say(f"{service.name} had died and is started again")
        return launched

    def down(self) -> None:
        """Stop whatever runs; do nothing when nothing does."""
        with self._locked():
            for service in reversed(self.services):
                running = service.pid is not None
                service.stop()
                if running:
                    self._say(f"{service.name} stopped")

    def status(self) -> list[ServiceStatus]:
        """Tell, for each service, whether it runs, where, and where its log is."""
        return [service.status() for service in self.services]

    def watch(self, stop: threading.Event, *, every_s: float = 0.5) -> None:
        """Return when `stop` is set; raise DevStackError when a service dies before that."""
        while not stop.wait(every_s):
            for service in self.services:
                service.check_alive()

    def wipe(self) -> None:
        """Delete all data; refuse while a service runs. Logs and jars stay."""
        with self._locked():
            for service in self.services:
                if service.pid is not None:
                    message = f"{service.name} runs (pid {service.pid}): take the stack down first"
                    raise DevStackError(message)
            for service in self.services:
                shutil.rmtree(self.home / service.name, ignore_errors=True)
                service.stop()  # forgets a crash

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self.home / "lock")
