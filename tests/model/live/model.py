"""Processes of one group around one warehouse, and what may come between any two steps of their loops."""

from collections.abc import Callable
from random import Random
from typing import Any

from runtime.errors import WarehouseAwayError
from runtime.settings import WorkerSettings
from tests.model.live.process import Process
from tests.model.live.promises import Witness
from tests.model.log import Log
from tests.model.truth import hold
from tests.model.warehouse import FAULTS
from tests.support.hands import Hands

MOST_PROCESSES = 4
PATIENCE = 400
"""Rounds after which a process that has everything it needs must have read its log to the end."""


OFTEN = {"work": 12, "deliver": 6, "tick": 4, "time": 4, "answer": 8, "run": 4, "join": 3}
RARELY = {"fault": 2, "rebalance": 2, "crash": 1, "stop": 1, "jump": 1, "arrive": 1}
"""The steps, and how often they are to be taken at most, among the others."""


class Live:
    """Each of `steps` may be taken at any time; none of them may make a number wrong.

    Attributes:
        steps: the names of the steps, as often as they are to be taken; some are never taken.
        turns: how many steps a loop may take before something else happens.
        pauses: how much time may pass, in seconds.
        processes: all that live; those that are not of the newest generation do not know it.
        under_way: what was on its way to the warehouse when its process was killed.
    """

    def __init__(self, rng: Random, log: Log) -> None:
        self.rng = rng
        self.log = log
        self.steps = [name for name, most in OFTEN.items() for _ in range(rng.randint(1, most))]
        self.steps += [name for name, most in RARELY.items() for _ in range(rng.randint(0, most))]
        self.turns = rng.choice(((0, 0, 1, 2), (0, 1, 2, 3), (1, 3, 9), (1, 50)))
        self.settings = WorkerSettings(
            paywall_flush_s=rng.choice((1.0, 6.0, 6.0)),
            playback_flush_s=rng.choice((0.3, 2.0, 60.0, 60.0)),
            checkpoint_s=rng.choice((0.1, 0.3, 0.3, 60.0)),
        )
        self.pauses = rng.choice(((0.4, 1.0), (*[0.4] * 3, 6.0), (*[0.4] * 6, 6.0)))
        self.clock = Hands(1_000.0)
        self.warehouse = Witness(rng, log)
        self.processes: list[Process] = []
        self.under_way: list[Callable[[], Any]] = []
        self.generation = 0
        self._meant: Process | None = None
        self._settle([self._start()])

    def step(self, name: str) -> None:
        """Take a step; then let somebody run for a while."""
        getattr(self, name)()
        self.run()

    def run(self) -> None:
        """Somebody's loop goes on."""
        self._run(self._anybody())

    def work(self) -> None:
        """Somebody does a little of everything."""
        self._work(self._anybody())

    def deliver(self) -> None:
        """Some messages reach somebody, who may own the partition or not."""
        process = self._anybody()
        process.fetch(lambda: self.rng.choice((0, 1, 1, 2, 4)))
        process.take(self.rng.choice((1, 2, 5)))

    def tick(self) -> None:
        """Somebody's timer."""
        self._anybody().tick()

    def time(self) -> None:
        """Flushes and checkpoints fall due."""
        self.clock.now += self.rng.choice(self.pauses)

    def answer(self) -> None:
        """The warehouse does what somebody asked for, and says so or not."""
        asked = [lane for process in self.processes for lane in process.lanes if lane.jobs]
        if asked:
            self._answer(self.rng.choice(asked))

    def fault(self) -> None:
        """The warehouse will fail, at one of the next calls."""
        self.warehouse.fault = (self.rng.choice(FAULTS), self.rng.randrange(6))

    def rebalance(self) -> None:
        """The group moves on, with some of those that live and perhaps one more. The others do not know."""
        members = [process for process in self.processes if self.rng.random() < 0.75]
        if not members or (self.rng.random() < 0.3 and len(self.processes) < MOST_PROCESSES):
            members.append(self._start())
        self._settle(members)

    def join(self) -> None:
        """Somebody is told what the group has come to."""
        waiting = [process for process in self.processes if process.consumer.coming is not None]
        if waiting:
            self.rng.choice(waiting).join_generation()

    def crash(self) -> None:
        """Somebody is killed, wherever it stands."""
        self._remove(self._anybody())

    def stop(self) -> None:
        """Somebody is asked to leave; or has left."""
        process = self._anybody()
        if process.leaving and not process.jobs:
            self._remove(process)
        else:
            process.stop()

    def jump(self) -> None:
        """Somebody's consumer reads on elsewhere: what it has read before, or past a hole.

        Not past the same hole again: twice the same offset past it says that nothing is in between.
        """
        process = self._anybody()
        if process.has_no_hole and not process.consumer.buffer and "take" not in process.jobs:
            for number in process.consumer.positions:
                process.consumer.positions[number] = self.rng.randint(0, self.log.end(number))

    def arrive(self) -> None:
        """What a killed process had sent arrives."""
        if self.under_way:
            work = self.under_way.pop(self.rng.randrange(len(self.under_way)))
            try:
                work()
            except WarehouseAwayError:
                return

    def check(self) -> None:
        """Have the log read to its end, and hold the tables against the truth; then let all others write."""
        members = [p for p in self.processes if not p.leaving and self.rng.random() < 0.5]
        members = members or [self._start()]
        self._settle(members)
        for process in members:
            self._drain(process)
        hold(self.warehouse, self.log, self.log.truth)
        for process in self.processes:
            if process not in members:
                process.consumer.coming = None
                self._drain(process)
        while self.under_way:
            self.arrive()
        hold(self.warehouse, self.log, self.log.truth)

    def end(self) -> None:
        """Leave nothing behind that runs."""
        for process in self.processes:
            process.kill()

    def _drain(self, process: Process) -> None:
        """Let a process read to the end of what it owns, and leave. Who waits for the group waits in vain."""
        process.join_generation()
        if process.consumer.moving and "load" not in process.jobs:
            process.stop()
        self._until(lambda: process.leaving or process.has_read_all, self._work, process)
        process.stop()
        self._until(lambda: not process.jobs, self._wait, process)

    def _until(self, is_over: Callable[[], bool], go_on: Callable[[Process], None], process: Process) -> None:
        for _ in range(PATIENCE):
            if is_over():
                return
            go_on(process)
        raise AssertionError(f"stands still: {process.jobs}, {process.worker.positions()}")

    def _work(self, process: Process) -> None:
        """What Faust does all the time."""
        self.time()
        process.fetch(lambda: self.rng.choice((0, 1, 2, 4)))
        process.take(self.rng.choice((1, 2, 4)))
        self._run(process)
        if self.rng.random() < 0.4:
            self.time()
            process.tick()
            self._run(process)
        self._wait(process)

    def _wait(self, process: Process) -> None:
        for lane in process.lanes:
            if self.rng.random() < 0.5:
                self._answer(lane)
                self._run(process)
        self._run(process)

    def _run(self, process: Process) -> None:
        process.run(self.rng.choice(self.turns))

    def _answer(self, lane: Any) -> None:
        self.warehouse.hidden = self.rng.choice((0, 0, 0, 0, 1, 2, 99))
        lane.answer()
        self.warehouse.hidden = 0

    def _anybody(self) -> Process:
        """Mostly whoever was meant before: what is rare needs several steps of one process."""
        if self._meant not in self.processes or self.rng.random() < 0.2:
            self._meant = self.rng.choice(self.processes)
        return self._meant

    def _start(self) -> Process:
        process = Process(self.rng, self.log, self.warehouse, self.clock, self.settings)
        self.processes.append(process)
        return process

    def _remove(self, process: Process) -> None:
        self.processes.remove(process)
        self.under_way += process.kill()
        if not self.processes:
            self._settle([self._start()])

    def _settle(self, members: list[Process]) -> None:
        """Begin another generation; who is told of it, and when, is another question."""
        self.generation += 1
        shares: dict[int, list[int]] = {}
        for number in range(len(self.log.partitions)):
            shares.setdefault(self.rng.randrange(len(members)), []).append(number)
        for place, process in enumerate(members):
            process.leave_generation()
            process.consumer.coming = self.generation, tuple(shares.get(place, ()))
            if self.rng.random() < 0.5:
                process.join_generation()
