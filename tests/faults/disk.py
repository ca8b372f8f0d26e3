"""T6: the disk of the warehouse is full, then it is not."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

from devstack import free_ports
from devstack.clickhouse.service import ClickHouseProgram
from devstack.service import Service
from tests.faults.harness import scenario
from tests.faults.outcome import Outcome

MEGABYTES = 256


class OnSmallDisk:
    """The engine with its data on a tmpfs that only its own mount namespace has."""

    name = ClickHouseProgram.name

    def __init__(self, folder, ports):
        self.folder = folder
        self._program = ClickHouseProgram(folder, ports)
        self.address, self.ports, self.answers = (
            self._program.address,
            self._program.ports,
            self._program.answers,
        )

    def prepare(self):
        mount = f'mount -t tmpfs -o size={MEGABYTES}m tmpfs "$0" && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", mount, str(self.folder), *self._program.prepare()]


class SmallDiskStack:
    """The broker of a stack, and an engine of its own on a small disk."""

    def __init__(self, stack):
        self.home = Path(tempfile.mkdtemp(prefix="faults-disk-"))
        ports = free_ports()
        self.bootstrap, self.kafka = stack.bootstrap, stack.kafka
        self.clickhouse_port = ports.clickhouse
        self.clickhouse = Service(OnSmallDisk(self.home / "clickhouse", ports), self.home)
        self.services = (self.clickhouse, self.kafka)

    def up(self):
        for service in self.services:
            service.start()

    @property
    def disk(self):
        """The folder of the data, seen through the namespace of its process."""
        return Path(f"/proc/{self.clickhouse.pid}/root{self.home / 'clickhouse'}")

    def fill(self):
        """Take all space that is left; return whether there is none now."""
        with contextlib.suppress(OSError), (self.disk / "filler").open("ab", buffering=0) as filler:
            while True:
                filler.write(b"x" * (1 << 16))
        left = os.statvfs(self.disk)
        return left.f_bavail * left.f_frsize < 1 << 16

    def free(self):
        (self.disk / "filler").unlink(missing_ok=True)


def can_mount():
    return os.geteuid() == 0 and os.system("unshare --mount true 2>/dev/null") == 0


def t6(stack, *, seed, cycles=3, events=20_000, say=print):
    """The disk fills up while rows are being written, for some seconds, and is freed."""
    title = "disk of the warehouse full, then freed"
    if not can_mount():
        return Outcome("T6", title, seed, error="needs root: a tmpfs in a mount namespace")
    small = SmallDiskStack(stack)
    small.up()
    try:
        with scenario(small, "T6", title, seed, say, events=events, per_s=events / (cycles + 2) / 20) as run:
            for name in ("one", "two"):  # the engine says nothing while its disk is full
                run.start(name, extra={"CLIFFHANGER_CLICKHOUSE__SEND_RECEIVE_TIMEOUT_S": "4"})
            run.begin()
            for _ in run.cycles(cycles):
                run.jitter(1)
                full = small.fill()

                def suffers():
                    pages = [worker.health() for worker in run.workers]
                    return small.fill() and all(p is None or p["warehouse_away_s"] > 2 for p in pages)

                run.within(suffers, "refused by a full disk")
                if full:
                    run.hit()
                small.free()
                since, mark = time.monotonic(), run.monitor.mark()
                run.recovered(set(run.partitions), mark, since)
            run.outcome.notes = {"exits": [worker.exits for worker in run.workers]}
            run.settle()
        return run.outcome
    finally:
        small.clickhouse.stop()
