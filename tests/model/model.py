"""The model: a log, a warehouse, a group of workers that dies and comes back, and what must hold of it."""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.model.log import Log
from tests.model.truth import hold
from tests.model.warehouse import FAULTS, Tables, Warehouse, newest
from tests.model.worker import CADENCES, Ways, Worker

MOST_ZOMBIES = 3
MINUTE = 60_000


class Model:
    """Each of `steps` may be taken at any time; none of them may make a number wrong.

    Attributes:
        steps: the names of the steps, as often as they are to be taken among the others.
        workers: the members of the group; each owns what it believes to own, and rightly.
        zombies: those that lost their partitions and have not noticed, or never will.
        backup: lengths of the journal and of the list of checkpoints, at the last backup.
    """

    steps = (
        *["deliver"] * 10, *["flush"] * 8, *["checkpoint"] * 5, *["write", "crash", "rebalance", "fault"] * 3,
        "backup_taken", "backup_restored",
    )  # fmt: skip
    rows: Callable[[Warehouse], Any] = staticmethod(newest)
    border = 0.0

    def __init__(self, rng: Random, log: Log, ways: Ways | None = None) -> None:
        self.rng = rng
        self.log = log
        self.ways = ways or Ways()
        self.warehouse = Warehouse(rng)
        self.now_ms = log.partitions[0][-1].timestamp_ms
        self.workers: list[Worker] = []
        self.zombies: list[Worker] = []
        self.backup = (0, 0)
        self._assign(zombies=0.0)

    def deliver(self) -> None:
        """Some messages reach somebody, who may own the partition or not."""
        worker = self._anybody()
        for number in worker.owned:
            for _ in range(self.rng.choice((0, 1, 1, 2, 4))):
                worker.deliver(number, self._now())

    def flush(self) -> None:
        """Somebody counts and takes rows; whether they are written at once is another question."""
        worker = self._anybody()
        if worker.pending is None:
            worker.begin_flush(self.rng.choice(CADENCES), self._now())
        if self.rng.random() < 0.7:
            self._write(worker)

    def write(self) -> None:
        """Somebody writes what it took a while ago."""
        self._write(self._anybody())

    def checkpoint(self) -> None:
        """Somebody begins a checkpoint, or writes the one that it began."""
        worker = self._anybody()
        if worker.packed is None and worker.owned:
            worker.begin_checkpoint(self.rng.choice(list(worker.owned)))
            if self.rng.random() < 0.4:
                return
        if worker.packed is not None:
            self._write(worker)
            if worker.pending is None:
                worker.write_checkpoint(self._now())
                if self.rng.random() < 0.7:
                    self._write(worker)

    def crash(self) -> None:
        """A member is killed, wherever it stands; the group goes on without it."""
        self.workers.remove(self.rng.choice(self.workers))
        self._assign(zombies=0.3)

    def rebalance(self) -> None:
        """Partitions move. Who does not notice goes on as if nothing had happened."""
        self._assign(zombies=0.7)

    def fault(self) -> None:
        """The warehouse will fail, at one of the next calls."""
        self.warehouse.fault = (self.rng.choice(FAULTS), self.rng.randrange(6))

    def backup_taken(self) -> None:
        """Somebody backs up the tables: the checkpoints first, then the rows, while all goes on."""
        checkpoints = len(self.warehouse.checkpoints)
        self._write(self._anybody())
        self.backup = (len(self.warehouse.journal), checkpoints)

    def backup_restored(self) -> None:
        """All workers are stopped, zombies too; the tables go back to the backup; workers start."""
        self.workers.clear()
        self.zombies.clear()
        self.warehouse.restore(*self.backup)
        self._assign(zombies=0.0)

    def check(self) -> None:
        """Read the log to its end, and hold the tables against the truth; then let the zombies write."""
        self._assign(zombies=0.5)
        for worker in self.workers:
            worker.drain(self._now())
        self.hold()
        for worker in self.zombies:
            worker.drain(self._now())
        self.hold()

    def truth(self) -> Tables:
        """What the tables must come to."""
        return self.log.truth

    def hold(self) -> None:
        """Hold the tables against the truth."""
        hold(self.warehouse, self.log, self.truth(), type(self).rows)

    def _now(self) -> int:
        self.now_ms += self.rng.choice((1, 1_000, MINUTE, 3 * MINUTE))
        return self.now_ms

    def _anybody(self) -> Worker:
        return self.rng.choice([*self.workers, *self.zombies])

    def _write(self, worker: Worker) -> None:
        """Write what is pending, if anything is. What fails is tried again at once, or some steps later."""
        member = worker in self.workers
        if worker.pending is None or worker.write(acknowledges=member):
            return
        if self.rng.random() < 0.5:
            worker.write(acknowledges=member)

    def _assign(self, zombies: float) -> None:
        """Begin another generation of the group: one or two members load what they were given."""
        for worker in self.workers:
            if self.rng.random() < zombies:
                self.zombies.append(worker)
        self.zombies = self.zombies[-MOST_ZOMBIES:]
        members = self.rng.choice((1, 1, 2))
        self.workers = [self._worker(self.rng.choice((0, 7 * MINUTE, -7 * MINUTE))) for _ in range(members)]
        for number in range(len(self.log.partitions)):
            worker = self.rng.choice(self.workers)
            self.warehouse.hidden = self.rng.choice((0, 0, 0, 0, 1, 2, 99))
            worker.load(number, self.rng.choice((None, None, 0, self._committed(number))))

    def _worker(self, skew_ms: int) -> Worker:
        """Start a process."""
        return Worker(self.log, self.warehouse, self.ways, skew_ms)

    def _committed(self, number: int) -> int | None:
        """Where the consumer stands by what was committed; at the end of the log no hole would show."""
        committed = self.log.committed[number]
        return committed if committed < self.log.end(number) else None


class Peaceful(Model):
    """A model in which nothing fails and nobody comes or goes."""

    steps = ("deliver", "deliver", "deliver", "flush", "flush", "write", "checkpoint")

    def check(self) -> None:
        for worker in self.workers:
            worker.drain(self._now())
        self.hold()
