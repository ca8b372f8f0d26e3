"""Where the log begins and ends, held against the states: holes, retention, a topic made anew.

It asks the broker through Faust's consumer. A broker that does not answer is asked again later.
"""

import asyncio
import logging

import faust
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError
from faust.types import TP

from runtime.errors import RetentionError, TopicMismatchError, WarehouseAwayError
from runtime.metrics import WorkerMetrics
from schemas.topics import PLAYER_EVENTS
from streams.assignment import Group
from streams.owned import Owned
from streams.worker import Worker

log = logging.getLogger(__name__)

BROKER_AWAY = (KafkaError, ConsumerStoppedError, asyncio.TimeoutError)
"""What asking the broker for offsets raises when it does not answer, or while partitions move."""

ANSWER_S, ASK_AGAIN_S = 2.0, 10.0
"""A partition without a leader has no answer for a long time, and must not hold up the others."""


class Edges:
    """The begin and the end of each partition that a worker owns, as the broker has them."""

    def __init__(self, app: faust.App, group: Group, worker: Worker, metrics: WorkerMetrics) -> None:
        self._app = app
        self._group = group
        self._worker = worker
        self._metrics = metrics
        self._not_before: dict[int, float] = {}

    async def look_after_holes(self) -> None:
        """Begin what was never counted; read the log again where an offset is missing, or stop."""
        for owned in list(self._worker.partitions.values()):
            self._forget_hole(owned)
            asks = owned.must_seek or owned.fresh
            if owned.stopped or not asks or self._now() < self._not_before.get(owned.number, 0.0):
                continue
            try:
                await self._go_on(owned)
            except WarehouseAwayError as error:
                log.info("nobody knows whether partition %d was counted: %s", owned.number, error)
                return
            except BROKER_AWAY as error:  # of this partition: the others may have a leader
                if isinstance(error, TimeoutError):
                    self._not_before[owned.number] = self._now() + ASK_AGAIN_S
                log.info("nobody says where partition %d begins: %s", owned.number, repr(error))

    def _forget_hole(self, owned: Owned) -> None:
        """Take what comes first now for a hole, when what was met there does not come again.

        It may be gone from the log; or much that was read before it is still being folded, and the next time
        it is given twice as long.
        """
        waits = owned.hole is not None and not owned.must_seek
        if waits and self._now() - owned.sought_at > owned.patience_s:
            owned.hole, owned.patience_s = None, 2 * owned.patience_s

    async def _go_on(self, owned: Owned) -> None:
        """Have a partition read from its state, if the log reaches back to it."""
        tp = TP(PLAYER_EVENTS.name, owned.number)
        was_fresh, why = owned.fresh, ""
        if was_fresh:
            why = await self._worker.begin(owned, lambda: self._begin_of(tp))
        elif await self._begin_of(tp) > owned.state.next_offset:
            why = "retention was too short"
        if not self._worker.assignment.owns(owned) or (owned.fresh and not why):
            return  # the group has moved on meanwhile: it is asked again, by whom it may concern
        if why:
            self._stop(owned, await self._begin_of(tp), why)
        elif owned.must_seek or (was_fresh and owned.is_stored):
            self._metrics.seeks.inc()
            log.info("partition %d: reading again from %d", owned.number, owned.state.next_offset)
            owned.must_seek, owned.sought_at = False, self._now()
            self._app.consumer.go_on_at({tp: owned.state.next_offset})  # type: ignore[attr-defined]

    async def _begin_of(self, tp: TP) -> int:
        """Return where a partition of the log begins. Raises one of `BROKER_AWAY`."""
        return int(await self._app.consumer.begin_of(tp, ANSWER_S))  # type: ignore[attr-defined]

    def _stop(self, owned: Owned, begins: int, why: str) -> None:
        """Set a partition aside whose events are lost; the others go on."""
        owned.fresh = False
        next_offset = owned.state.next_offset
        text = f"the log begins at {begins}, the state ends before {next_offset}: {why}, events are lost"
        owned.stopped = str(RetentionError(f"{text}; see docs/operating.md"))
        log.critical("partition %d stopped: %s", owned.number, owned.stopped)
        self._worker.guard.look_back(owned, begins=begins, ends=begins + 1)

    def _now(self) -> float:
        return self._worker.clock.monotonic_s()

    async def look_after_ends(self) -> None:
        """End the worker where the log ends before the state: what it holds is of another log.

        A consumer past the end begins anew at the first offset, and every message up to the state would
        be skipped as known. What the last fetch said is asked once more before it is believed.
        """
        short = {
            owned.number: owned.state.next_offset
            for owned in self._worker.partitions.values()
            if (end := self.end_of(owned.number)) is not None and end < owned.state.next_offset
        }
        if not short or self._group.rebalancing():
            return
        ends = await self.ends_now()
        for number, next_offset in sorted(short.items()):
            if number in ends and ends[number] < next_offset:
                raise TopicMismatchError(
                    f"partition {number} of {PLAYER_EVENTS.name} ends at {ends[number]}, and offsets up to "
                    f"{next_offset} are counted: the topic was created anew under source_epoch "
                    f"{self._worker.settings.source_epoch}, or the broker lost what it had acknowledged. "
                    "Raise source_epoch for all workers"
                )

    async def look_back(self) -> None:
        """Hold the begin of the log against the checkpoints. A broker that does not answer is asked later."""
        owned = [one for one in self._worker.partitions.values() if not one.stopped]
        if not owned or self._group.rebalancing():
            return
        tps = [TP(PLAYER_EVENTS.name, one.number) for one in owned]
        ends = await self.ends_now()
        try:
            begins = await self._app.consumer.earliest_offsets(*tps)
        except BROKER_AWAY:
            return
        for one, tp in zip(owned, tps, strict=True):
            if tp in begins and one.number in ends:
                self._worker.guard.look_back(one, begins=begins[tp], ends=ends[one.number])

    async def ends_now(self) -> dict[int, int]:
        """Return the ends of the assigned partitions as the broker says now; none when it does not."""
        try:
            return dict(await self._app.consumer.end_offsets())  # type: ignore[attr-defined]
        except BROKER_AWAY as error:
            log.info("the broker does not say where the log ends: %s", error)
            return {}

    def end_of(self, partition: int) -> int | None:
        """The end of a partition of the log as the last fetch said, or None before the first."""
        try:
            end = self._app.consumer.highwater(TP(PLAYER_EVENTS.name, partition))
        except (AssertionError, IllegalStateError):  # it is being assigned
            return None
        return None if end is None else int(end)
