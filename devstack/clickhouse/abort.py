"""Ends what runs for a client that cancels or goes away."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from devstack.clickhouse.wire import Reader

_T = TypeVar("_T")

Kill = Callable[[], Awaitable[object]]

_KILL_AGAIN_S = 0.2


async def kill_until_done(job: asyncio.Future[Any], kill: Kill) -> None:
    """Kill a statement, again and again, for a kill misses what has not quite begun."""
    while not job.done():
        await kill()
        await asyncio.wait({job}, timeout=_KILL_AGAIN_S)


class Abort:
    """Ends what a client runs when the client says or does anything meanwhile.

    While a statement runs, a client sends nothing but a cancel or the end of its connection; either
    way the statement is killed.
    """

    def __init__(self, reader: Reader, kill: Kill) -> None:
        self._reader = reader
        self._kill = kill
        self._heard: asyncio.Future[None] | None = None
        self.aborted = False

    async def guard(self, work: Awaitable[_T]) -> _T:
        """Wait for the work, and kill it when the client is heard before it ends."""
        job: asyncio.Future[_T] = asyncio.ensure_future(work)
        if self._heard is None:
            self._reader.drop()
            self._heard = asyncio.ensure_future(self._reader.need(1))
        both: set[asyncio.Future[Any]] = {job, self._heard}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            self.aborted = True
            await kill_until_done(job, self._kill)
        return await job

    async def close(self) -> None:
        """Stop listening; what was heard stays in the reader."""
        if self._heard is not None:
            self._heard.cancel()
            with suppress(asyncio.CancelledError, EOFError, OSError):
                await self._heard
