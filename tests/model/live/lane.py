"""The real sink, whose thread is the schedule: it says when the warehouse is asked, if ever."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from runtime.errors import WarehouseAwayError
from streams.sink import Flush, Sink
from warehouse.checkpoints import Checkpoint


class Job(NamedTuple):
    """What the thread was asked to do, and who waits for it."""

    work: Callable[[], Any]
    give_up: Callable[[], bool]
    answer: asyncio.Future[Any]


class Writes:
    """How far the flushes of a process have come, over both lanes. They are numbered as they are asked for.

    Attributes:
        asked: the number of the last one that was asked for.
        ended: the highest number of those that are over.
    """

    def __init__(self) -> None:
        self.asked = self.ended = 0


class Lane(Sink):
    """A sink with one thread: its jobs are done one by one, in the order in which they came."""

    def __init__(self, writes: Writes, *wiring: Any) -> None:
        super().__init__(*wiring)
        self.writes = writes
        self.jobs: deque[Job] = deque()

    async def write(self, flush: Flush) -> Checkpoint | None:
        self.writes.asked += 1
        number = self.writes.asked
        checkpoint = await super().write(flush)
        self.writes.ended = max(self.writes.ended, number)
        return checkpoint

    def answer(self) -> None:
        """Do the first job; what fails stays, to be tried again, unless whoever waits has given up."""
        if not self.jobs:
            return
        work, give_up, answer = self.jobs[0]
        try:
            found = work()
        except WarehouseAwayError as error:
            if not give_up():
                return
            answer.set_exception(error)
        else:
            answer.set_result(found)
        self.jobs.popleft()

    async def _in_thread(self, work: Any, give_up: Any) -> Any:
        answer = asyncio.get_running_loop().create_future()
        self.jobs.append(Job(work, give_up, answer))
        return await answer
