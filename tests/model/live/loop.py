"""An event loop of which the schedule says when it takes its next step."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any


class HandLoop(asyncio.AbstractEventLoop):
    """Runs what is ready in the order in which it became ready, as any loop does, and never by itself.

    It knows neither time nor sockets: nothing on it may wait for either, and no timeout is ever over.
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

    def time(self) -> float:
        return 0.0

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        return self.call_at(delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        return asyncio.TimerHandle(when, callback, args, self, context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """What was never to come does not come."""

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
