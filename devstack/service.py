"""One service of the stack: what it takes to run it, and the controls that it has."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from devstack.errors import DevStackError, PortTakenError
from devstack.ports import is_free
from devstack.process import Process, wait_until


class Program(Protocol):
    """What a service runs."""

    @property
    def name(self) -> str:
        """The name of the service, its pid file and its log."""

    @property
    def address(self) -> str:
        """Where clients find it, as host:port."""

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports it listens on, by the field of StackPorts that sets each."""

    def prepare(self) -> Sequence[str]:
        """Make ready what a start needs and return the command; may be called again and again."""

    def answers(self) -> bool:
        """Whether it does real work for a client at this moment."""


@dataclass(frozen=True)
class ServiceStatus:
    """What can be told about a service from outside."""

    name: str
    pid: int | None
    running: bool
    crashed: bool
    address: str
    log_path: Path


class Service:
    """A program under supervision: at most one process of it per folder.

    Data survive every way to end it. After `kill` or a crash the next `start` mends it.
    """

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.process = Process(program.name, folder)

    @property
    def name(self) -> str:
        """The name of the service."""
        return self.program.name

    @property
    def pid(self) -> int | None:
        """The pid of the process that was started here, while it lives."""
        return self.process.pid

    def status(self) -> ServiceStatus:
        """Tell what is known without asking the service itself."""
        record, pid = self.process.record, self.process.pid
        return ServiceStatus(
            name=self.name,
            pid=pid,
            running=pid is not None,
            crashed=self.process.crashed,
            address=record.address if record else self.program.address,
            log_path=self.process.log_path,
        )

    def start(self, *, timeout_s: float = 90) -> None:
        """Run the service and wait until it answers; do nothing when it runs."""
        self.launch()
        self.wait(timeout_s=timeout_s)

    def launch(self) -> bool:
        """Start the process without waiting for it; False when it runs already."""
        if self.pid is not None:
            self._check_ports_unchanged()
            self.resume()
            return False
        self.check_ports()
        command = self.program.prepare()
        self.process.spawn(command, address=self.program.address, ports=self.program.ports)
        return True

    def _check_ports_unchanged(self) -> None:
        record = self.process.record
        if record and record.ports != self.program.ports:
            message = (
                f"{self.name} runs already, with {_listed(record.ports)} and not with "
                f"{_listed(self.program.ports)}: take the stack down first"
            )
            raise DevStackError(message)

    def check_ports(self) -> None:
        """Raise PortTakenError when another program listens where this one should."""
        for setting, port in self.program.ports.items():
            if self.pid is None and not is_free(port):
                raise PortTakenError(port=port, setting=setting, name=self.name)

    def wait(self, *, timeout_s: float) -> None:
        """Wait until the service answers; raise DevStackError when it ends or takes too long."""
        settled = wait_until(
            lambda: self.pid is None or self.program.answers(), timeout_s=timeout_s, poll_s=0.1
        )
        if self.pid is None:
            raise DevStackError(self._with_log(f"{self.name} ended while starting"))
        if not settled:
            raise DevStackError(self._with_log(f"{self.name} (pid {self.pid}) does not answer"))

    def check_alive(self) -> None:
        """Raise DevStackError when the service was started and has died since."""
        if self.process.crashed:
            raise DevStackError(self._with_log(f"{self.name} has died"))

    def _with_log(self, sentence: str) -> str:
        return f"{sentence}; the end of {self.process.log_path}:\n{self.process.log_tail()}"

    def stop(self) -> None:
        """End the service in good order; do nothing when it does not run."""
        self.process.stop()

    def kill(self) -> None:
        """End the service with SIGKILL, as a crash would."""
        self.process.kill()

    def pause(self) -> None:
        """Suspend the service with SIGSTOP: connections stay open and nobody answers."""
        self.process.send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused service go on."""
        if self.process.suspended:
            self.process.send(signal.SIGCONT)


def _listed(ports: Mapping[str, int]) -> str:
    return ", ".join(f"{setting}={port}" for setting, port in ports.items())
