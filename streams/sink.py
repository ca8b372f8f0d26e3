"""The worker's way to the warehouse: one thread owns the connections and retries for ever.

It owns IO. The event loop never waits on a socket of the warehouse; it awaits this.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import tenacity

from runtime.clock import Clock
from runtime.errors import (
    CheckpointError,
    EpochError,
    RulesMismatchError,
    WarehouseAwayError,
    WarehouseRefusedError,
)
from runtime.settings import WorkerSettings
from schemas.invariants import Invariant
from schemas.rules import FoldRules
from schemas.tables import CounterTable
from streams.checkpoint import STATE_FORMAT, decode
from streams.partition import Partition
from warehouse.checkpoints import Checkpoint
from warehouse.epochs import Epoch, EpochKind
from warehouse.writer import InvariantBreak, MetDeletion, QuarantinedLine, Writer

log = logging.getLogger(__name__)
T = TypeVar("T")
SAY_EVERY_S = 10.0


class Flush(NamedTuple):
    """What one flush writes, in this order: breaks, quarantined lines, deletions, rows, then the checkpoint.

    `checkpoint` builds the row, in the thread: packing a state is long work.
    """

    lines: Sequence[QuarantinedLine] = ()
    rows: Sequence[tuple[CounterTable, list[tuple[Any, ...]]]] = ()
    checkpoint: Callable[[], Checkpoint] | None = None
    breaks: Sequence[InvariantBreak] = ()
    deletions: Sequence[MetDeletion] = ()


class Sink:
    """Writes flushes and loads states, in the order of the calls.

    Guarantee: when `write` returns, all of the flush is durable, rows before the checkpoint. When the
    warehouse is away it waits and tries again, with backoff, for ever. A crash at any moment leaves a
    subset of true rows. Raises WarehouseRefusedError when trying again cannot help.

    Attributes:
        loaded: how many states were asked for, and the warehouse has answered.
    """

    def __init__(self, writer: Writer, settings: WorkerSettings, clock: Clock) -> None:
        self._writer = writer
        self._settings = settings
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "warehouse")
        self.loaded = 0
        self._away_since: float | None = None
        self._said_at = 0.0
        self._written = 0
        self._catching_up: dict[int, Epoch] = {}

    @property
    def away_s(self) -> float:
        """For how long the warehouse has not answered; 0 when it does."""
        since = self._away_since
        return 0.0 if since is None else self._clock.monotonic_s() - since

    async def write(self, flush: Flush) -> Checkpoint | None:
        """Write a flush; return the checkpoint that was written, if one was due."""
        return await self._in_thread(lambda: self._write(flush), lambda: False)

    async def load(self, partition: int, rules: FoldRules, give_up: Callable[[], bool]) -> Partition | None:
        """Return the state of the newest checkpoint that verifies, or None when there is no checkpoint.

        Raises CheckpointError when there are some and none can be trusted; RulesMismatchError when
        the newest was made under other rules; WarehouseAwayError once `give_up` says so.
        """
        state = await self._in_thread(lambda: self._load(partition, rules), give_up)
        self.loaded += 1
        return state

    async def why_from_zero(self, partition: int, give_up: Callable[[], bool]) -> str:
        """Return why a partition without a checkpoint must be counted from offset 0, or ''.

        Raises WarehouseAwayError once `give_up` says so.
        """
        return await self._in_thread(lambda: self._why_from_zero(partition), give_up)

    def close(self) -> None:
        """Close the connections, after what is being written."""
        self._thread.submit(self._writer.close)
        self._thread.shutdown(wait=True)

    def _write(self, flush: Flush) -> Checkpoint | None:
        if flush.breaks:
            self._writer.write_breaks(flush.breaks)
        self._writer.write_quarantine(flush.lines)
        self._writer.write_deletions(flush.deletions)
        for table, rows in flush.rows:
            self._writer.write_rows(table, rows)
        if flush.checkpoint is None:
            return None
        checkpoint = flush.checkpoint()
        try:
            self._writer.write_checkpoint(checkpoint)
        except CheckpointError as error:
            self._writer.write_breaks([_way_back(checkpoint, error)])
            raise
        self._note_reached(checkpoint)
        self._drop_old(checkpoint)
        return checkpoint

    def _drop_old(self, checkpoint: Checkpoint) -> None:
        """Now and then drop checkpoints that nobody will load. Worth no retry, and no worker its life."""
        self._written += 1
        if self._written % 16 == 0:
            try:
                self._writer.drop_old_checkpoints(checkpoint.source_epoch, checkpoint.partition)
            except (WarehouseAwayError, WarehouseRefusedError) as error:
                log.warning("old checkpoints are dropped later: %s", error)

    def _note_reached(self, checkpoint: Checkpoint) -> None:
        """Say that a new logic epoch has come as far as the one whose place it takes."""
        epoch = self._catching_up.get(checkpoint.partition)
        if epoch is None or checkpoint.next_offset < epoch.shown_from:
            return
        noted = self._writer.noted_epochs(epoch.source_epoch)
        if not any(other.logic_epoch > epoch.logic_epoch for other in noted):  # else it was abandoned
            self._writer.note_epochs([epoch._replace(reached=True)])
        del self._catching_up[checkpoint.partition]

    def _load(self, partition: int, rules: FoldRules) -> Partition | None:
        settings = self._settings
        epoch = self._epoch_of(partition)
        found = False
        for checkpoint in self._writer.newest_checkpoints(
            settings.source_epoch, partition, settings.logic_epoch
        ):
            found = True
            where = f"checkpoint of partition {partition} at offset {checkpoint.next_offset}"
            if not checkpoint.verifies:
                log.error("the %s is damaged: going back to the one before", where)
                continue
            if checkpoint.state_format != STATE_FORMAT:
                raise RulesMismatchError(
                    f"the {where} is of state format {checkpoint.state_format}, and this version reads "
                    f"{STATE_FORMAT}: go on with the version that wrote it, or count under another "
                    "logic_epoch (`cliffhanger epoch new`)"
                )
            if checkpoint.rules_digest != rules.digest():
                raise RulesMismatchError(
                    f"the {where} was made under other rules, in the same "
                    f"logic_epoch {settings.logic_epoch}: put the fold settings back, or raise logic_epoch"
                )
            return decode(checkpoint.state, rules)
        if found:
            raise CheckpointError(f"no checkpoint of partition {partition} verifies")
        self._may_begin(partition, epoch)
        return None

    def _epoch_of(self, partition: int) -> Epoch | None:
        """Return what is noted of this epoch in a partition; None while the database knows one epoch only."""
        settings = self._settings
        noted = self._writer.noted_epochs(settings.source_epoch)
        self._catching_up.pop(partition, None)
        for epoch in noted:
            if (epoch.logic_epoch, epoch.partition) == (settings.logic_epoch, partition):
                self._writer.sync_epochs()  # who noted it may have died before
                if not epoch.reached:
                    self._catching_up[partition] = epoch
                return epoch
        return None

    def _may_begin(self, partition: int, epoch: Epoch | None) -> None:
        """Raise EpochError unless a partition without a checkpoint may be counted from its beginning."""
        settings = self._settings
        if epoch is None:
            others = self._writer.epochs_with_checkpoints(settings.source_epoch)
            others |= self._writer.epochs_with_rows(settings.source_epoch, partition)
            if others and settings.logic_epoch not in others:
                raise EpochError(
                    f"logic_epoch {settings.logic_epoch} was not begun, and {max(others)} has counted this "
                    "log: begin it with `cliffhanger epoch new`, or put the setting back"
                )
        elif epoch.kind is EpochKind.CONTINUED:
            raise EpochError(
                f"logic_epoch {settings.logic_epoch} goes on from another, and partition {partition} has no "
                "checkpoint of it: finish with `cliffhanger epoch new`"
            )

    def _why_from_zero(self, partition: int) -> str:
        settings = self._settings
        epoch = self._epoch_of(partition)
        if epoch is not None and epoch.kind is EpochKind.RECOUNTED:
            return f"logic_epoch {settings.logic_epoch} counts the log again from its beginning"
        if settings.logic_epoch in self._writer.epochs_with_rows(settings.source_epoch, partition):
            return "it was counted before, and none of its checkpoints is there"
        return ""

    async def _in_thread(self, work: Callable[[], T], give_up: Callable[[], bool]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._retry, work, give_up)

    def _retry(self, work: Callable[[], T], give_up: Callable[[], bool]) -> T:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(WarehouseAwayError),
            wait=tenacity.wait_exponential_jitter(multiplier=0.1, max=1.0, jitter=0.1),
            stop=lambda _: give_up(),
            before_sleep=self._say_away,
            reraise=True,
        )
        result: T = retrying(work)
        if self._away_since is not None:
            log.warning("the warehouse answers again after %.1f s; nothing was lost", self.away_s)
            self._away_since = None
        return result

    def _say_away(self, state: tenacity.RetryCallState) -> None:
        now = self._clock.monotonic_s()
        if self._away_since is None:
            self._away_since = now
            self._said_at = now - SAY_EVERY_S
        if now - self._said_at >= SAY_EVERY_S:
            self._said_at = now
            outcome = state.outcome
            error = outcome.exception() if outcome else None
            log.warning("the warehouse is away for %.1f s; waiting for it: %s", self.away_s, error)


def _way_back(checkpoint: Checkpoint, error: CheckpointError) -> InvariantBreak:
    """What is told when a checkpoint that was stored is gone."""
    return InvariantBreak(
        Invariant.NO_WAY_BACK,
        checkpoint.source_epoch,
        checkpoint.partition,
        checkpoint.logic_epoch,
        checkpoint.next_offset,
        str(error),
        checkpoint.worker,
    )
