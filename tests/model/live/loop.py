"""An event loop of which the schedule says when it takes its next step."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any


class HandLoop(asyncio.AbstractEventLoop):
    """Runs what is ready in the order in which it became ready, as any loop does, and never by itself.

    It knows neither time nor sockets: nothing that runs on it may wait for either.
    """

    def __init__(self) -> None:
        self._ready: deque[asyncio.Handle] = deque()
        self.tasks: list[asyncio.Task[Any]] = []

    def run(self, most: int) -> int:
        """Run so many steps, or as many as are ready; return how many were left."""
        asyncio._set_running_loop(self)
        try:
            while most and self._ready:
                most -= 1
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
        finally:
            asyncio._set_running_loop(None)
        return most

    def kill(self) -> None:
        """Cancel whatever runs on it."""
        for task in self.tasks:
            task.cancel()
        self.run(10_000)

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], **named: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, **named)
        self.tasks = [one for one in self.tasks if not one.done()]
        self.tasks.append(task)
        return task

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What a task raised is raised by who waits for it; if nobody did, it was killed."""
