"""Where a consumer goes on reading: at the checkpoint, whatever was committed.

Faust's `perform_seek` runs after `on_rebalance_complete` and overrides any seek made there; it awaits
`seek_to_committed`, so this is where the position is decided. It needs no answer of the broker: one that
stalls here for longer than the request timeout would end Faust's recovery for good. This leans on an
internal method of faust-streaming, which is pinned; the fault suite has a worker without it, which fails.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from streams.delivery import FetchConsumer

log = logging.getLogger(__name__)


def checkpoint_consumer(positions: Callable[[], Mapping[int, int]]) -> type[FetchConsumer]:
    """Return a consumer class that goes on at `positions()`, the next offset by partition."""

    class CheckpointConsumer(FetchConsumer):
        def positions(self) -> Mapping[int, int]:
            return positions()

        async def seek_to_committed(self) -> dict[Any, int]:
            known = positions()
            where = {tp: known[tp.partition] for tp in self.assignment() if tp.partition in known}
            log.info("reading on at %s", {tp.partition: offset for tp, offset in where.items()})
            await self.seek_wait(where)  # in the consumer's own thread, where `seek` is not
            return where

        async def end_offsets(self) -> dict[int, int]:
            """The end of each assigned partition of the log, by number, as the broker says now."""
            consumer = self._thread._ensure_consumer()
            ends = await self._thread.call_thread(consumer.end_offsets, list(self.assignment()))
            return {tp.partition: end for tp, end in ends.items()}

        async def begin_of(self, tp: Any, within_s: float) -> int:
            """Where a partition of the log begins. The thread is let go in time: what reads waits for it."""
            consumer = self._thread._ensure_consumer()

            async def ask() -> Any:
                return await asyncio.wait_for(consumer.beginning_offsets([tp]), within_s)

            return int((await self._thread.call_thread(ask)).get(tp, 0))

    return CheckpointConsumer
