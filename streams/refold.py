"""Fold a range of the log once more with no worker, beside the true tables. It owns IO, through its writer.

The fold is deterministic: from a state that is right, the log gives the rows that are right. A refold
goes on from its own checkpoints, in shadow tables, so it can die and be called again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from runtime.clock import Clock
from runtime.errors import RetentionError, RulesMismatchError
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES
from streams import checkpoint as codec
from streams.checkpointing import Checkpointer
from streams.cold import sweep
from streams.count import count_all
from streams.log import Message
from streams.owned import Owned
from streams.partition import Partition
from warehouse.checkpoints import Checkpoint
from warehouse.epochs import Epoch, EpochKind
from warehouse.inventory import Stored
from warehouse.writer import Writer

FLUSH_EVERY = 200
"""Messages between two flushes."""
CHECKPOINT_S = 60.0
CHECKPOINT_SHARE = 0.1
"""Shadow checkpoints are so far apart, or by such a share of the time that it has taken so far: what a refold
that died does again. So they are few, however long it takes."""


class Stock(Protocol):
    """Checkpoints that are stored: those of a log, or those of its shadow."""

    def stored(self) -> list[Stored]:
        """All of them, the newest of each partition and logic epoch first."""

    def load(self, stored: Stored) -> Checkpoint | None:
        """One with its state; None when it is gone."""


class Start(NamedTuple):
    """Where a refold of a partition begins.

    Attributes:
        offset: the first offset that is folded.
        generation: the first generation whose rows come out whole.
        checkpoint: what it goes on from; None is the beginning of the log.
        resumes: it goes on from what an earlier call has left in the shadow tables.
    """

    offset: int
    generation: int
    checkpoint: Checkpoint | None
    resumes: bool


def start_at(
    true: Stock,
    shadow: Stock,
    *,
    partition: int,
    begin: int | None,
    log_begins: int,
    epoch: int,
    noted: Sequence[Epoch],
) -> Start:
    """Return where to begin so that all from offset `begin` on comes out whole; None is as early as can be.

    That is the newest shadow checkpoint, if an earlier call began early enough; the newest checkpoint at
    or before `begin`; or the beginning of the log. Raises RetentionError when neither is there.
    """
    mine = [s for s in true.stored() if (s.partition, s.logic_epoch) == (partition, epoch)]
    goes_on = any(e.kind is EpochKind.CONTINUED and e.from_offset for e in noted
                  if (e.partition, e.logic_epoch) == (partition, epoch))  # fmt: skip
    from_the_beginning = not log_begins and not goes_on
    if begin is None:
        begin = 0 if from_the_beginning or not mine else mine[-1].next_offset
    left = [s for s in shadow.stored() if (s.partition, s.logic_epoch) == (partition, epoch)]
    if left and left[-1].next_offset <= begin:
        found = shadow.load(left[0])
        if found is not None and found.verifies:
            return Start(found.next_offset, left[-1].generation, found, resumes=True)
    for stored in mine:
        found = true.load(stored) if stored.next_offset <= begin else None
        if found is not None and found.verifies:
            return Start(found.next_offset, found.generation, found, resumes=False)
    if from_the_beginning:
        return Start(0, 0, None, resumes=False)
    raise RetentionError(
        f"partition {partition}: no checkpoint is stored at or before offset {begin}, and the log "
        + (f"begins at {log_begins}" if log_begins else "began under another logic_epoch")
        + ": ask for a later --from-offset (`cliffhanger checkpoints list --all`)"
    )


def state_of(start: Start, rules: FoldRules) -> Partition:
    """Return the state that a refold begins with, its open rows to be written.

    Raises RulesMismatchError when it was made under other rules, or by another version.
    """
    checkpoint = start.checkpoint
    if checkpoint is None:
        return Partition(rules)
    if checkpoint.rules_digest != rules.digest() or checkpoint.state_format != codec.STATE_FORMAT:
        raise RulesMismatchError(
            f"the checkpoint of partition {checkpoint.partition} at offset {checkpoint.next_offset} was made "
            "under other rules or another state format: refold with the settings and version of its workers"
        )
    state = codec.decode(checkpoint.state, rules)
    mark_open_rows(state)
    return state


def mark_open_rows(state: Partition) -> None:
    """Have the rows of the open generation written, which were written before the state was."""
    for rows in state.book.tables.values():
        for row in rows.open.values():
            if not row.dirty:
                rows.mark(row)


def refold(
    state: Partition,
    start: Start,
    partition: int,
    messages: Iterator[Message],
    writer: Writer,
    settings: WorkerSettings,
    rules: FoldRules,
    clock: Clock,
    tell: Callable[[int], None] = lambda _: None,
) -> Partition:
    """Fold messages into the tables of a writer; return the state after the last. `tell` hears offsets.

    When it returns, every row of every generation since the start is there.
    """
    owned = Owned(partition, state, fresh=False, now_s=0.0)
    checkpointer = Checkpointer(settings, rules, clock)
    began_s = left_s = clock.monotonic_s()
    if not start.resumes:
        _write(owned, writer, settings, checkpointer, leave_checkpoint=True)
    for count, message in enumerate(messages, start=1):
        owned.fold(*message)
        if count % FLUSH_EVERY == 0:
            now_s = clock.monotonic_s()
            due = now_s - left_s >= max(CHECKPOINT_S, CHECKPOINT_SHARE * (now_s - began_s))
            left_s = now_s if due else left_s
            _write(owned, writer, settings, checkpointer, leave_checkpoint=due)
            tell(owned.state.next_offset)
    _write(owned, writer, settings, checkpointer, leave_checkpoint=True)
    tell(owned.state.next_offset)
    return owned.state


def _write(
    owned: Owned,
    writer: Writer,
    settings: WorkerSettings,
    checkpointer: Checkpointer,
    *,
    leave_checkpoint: bool,
) -> None:
    count_all(owned.state)
    owned.lines.clear()  # they are in quarantine since they were first folded
    owned.state.deletions.clear()  # written down, too
    taken = owned.take_rows(
        COUNTER_TABLES, source_epoch=settings.source_epoch, logic_epoch=settings.logic_epoch
    )
    for table, rows in taken:
        writer.write_rows(table, rows)
    if leave_checkpoint:
        sweep(owned.state, list(owned.state.viewers))
        writer.write_checkpoint(checkpointer.row(checkpointer.facts(owned), list(codec.encode(owned.state))))
