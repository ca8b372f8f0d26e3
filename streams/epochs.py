"""Begin a logic epoch: decide where each partition begins, note it, and leave its first checkpoints.

It owns IO, through the writer that it is handed. A plan says what will be done; `begin` does it. When
that dies half way, the same call finishes it: what is noted decides, not what could be planned anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from runtime.clock import Clock
from runtime.errors import CheckpointError, EpochError
from runtime.settings import WorkerSettings
from schemas.rules import FoldRules
from schemas.tables import COUNTER_TABLES
from streams import checkpoint as codec
from streams.checkpointing import Checkpointer
from streams.cold import sweep
from streams.owned import Owned
from streams.partition import Partition
from streams.takeover import read_older, take_over
from warehouse.checkpoints import Checkpoint
from warehouse.epochs import Epoch, EpochKind, is_shown
from warehouse.writer import Writer


class Step(NamedTuple):
    """What beginning an epoch means for one partition.

    Attributes:
        epoch: what is noted.
        viewers: viewers in the state that it goes on from.
        done: nothing is left to do.
    """

    epoch: Epoch
    viewers: int
    done: bool


class Plan(NamedTuple):
    """What beginning a logic epoch does: notes of older epochs, and a step for each partition."""

    first: Sequence[Epoch]
    steps: Sequence[Step]
    noted: bool

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.noted and all(step.done for step in self.steps)


class Begins(Protocol):
    """Where the partitions of the log begin."""

    def begins(self) -> Mapping[int, int]:
        """The first offset that the log still has, by partition."""


def plan(
    writer: Writer,
    settings: WorkerSettings,
    rules: FoldRules,
    kind: EpochKind,
    log: Begins,
    *,
    abandons: bool = False,
) -> Plan:
    """Say what it means to begin the epoch of the settings. Reads only.

    It takes the place of the newest epoch that is shown. One that is still under way is in the way,
    unless this one `abandons` it: then it is never shown, and its workers must have been stopped.

    Raises EpochError when it cannot begin: it has counted already, it is older than one that has, another
    is still under way, or the log does not reach back far enough.
    """
    source, number = settings.source_epoch, settings.logic_epoch
    noted = writer.noted_epochs(source)
    with_checkpoints = writer.epochs_with_checkpoints(source)
    own = [epoch for epoch in noted if epoch.logic_epoch == number]
    if own:
        return _plan_again(writer, own, kind)
    with_rows = [writer.epochs_with_rows(source, partition) for partition in log.begins()]
    known = with_checkpoints | {epoch.logic_epoch for epoch in noted}.union(*with_rows)
    hidden = {e.logic_epoch for e in noted if not is_shown(noted, e.logic_epoch, e.partition)}
    seen = {e.logic_epoch for e in noted if is_shown(noted, e.logic_epoch, e.partition)}
    _may_begin(number, known, hidden & seen if abandons else hidden)
    base = max(known - hidden)
    first = [
        Epoch(source, epoch, partition, EpochKind.FIRST, 0, epoch, 0, 0, reached=True)
        for epoch in sorted(known - {epoch.logic_epoch for epoch in noted})
        for partition in log.begins()
    ]
    steps = []
    for partition, begins in sorted(log.begins().items()):
        checkpoint = newest_that_verifies(writer.newest_checkpoints(source, partition, base))
        steps.append(_step(settings, partition, base, kind, checkpoint, begins))
        if kind is EpochKind.CONTINUED and checkpoint is not None:
            read_older(checkpoint, rules)  # so that what cannot be done is said before anything is
    return Plan(first, steps, noted=False)


def begin(
    writer: Writer,
    settings: WorkerSettings,
    rules: FoldRules,
    clock: Clock,
    made: Plan,
    say: Callable[[Step], None] = lambda _: None,
) -> None:
    """Do what a plan says: note the epoch, then write the first rows and checkpoint of each partition.

    Until a worker of the epoch has left a checkpoint of its own, nothing of it is shown. Raises EpochError
    when somebody else has begun it otherwise meanwhile.
    """
    if not made.noted:
        writer.note_epochs([*made.first, *(step.epoch for step in made.steps)])
    else:
        writer.sync_epochs()
    there = {
        epoch._replace(reached=False)
        for epoch in writer.noted_epochs(settings.source_epoch)
        if epoch.logic_epoch == settings.logic_epoch
    }
    if there != {step.epoch._replace(reached=False) for step in made.steps}:
        raise EpochError(f"logic_epoch {settings.logic_epoch} was begun by somebody else meanwhile")
    checkpointer = Checkpointer(settings, rules, clock)
    for step in made.steps:
        if not step.done and step.epoch.kind is EpochKind.CONTINUED:
            _leave_first(writer, settings, rules, checkpointer, step.epoch)
        say(step)


def newest_that_verifies(checkpoints: Iterable[Checkpoint]) -> Checkpoint | None:
    """Return the newest checkpoint that verifies, or None when there is no checkpoint.

    Raises CheckpointError when there are some and none verifies.
    """
    found = None
    for found in checkpoints:
        if found.verifies:
            return found
    if found is not None:
        raise CheckpointError(f"no checkpoint of partition {found.partition} verifies")
    return None


def _may_begin(number: int, known: set[int], hidden: set[int]) -> None:
    if not known:
        raise EpochError(f"no epoch has counted this log: {number} begins by itself with its first worker")
    if number in known:
        raise EpochError(f"logic_epoch {number} has counted this log already: raise it")
    if number < max(known):
        raise EpochError(f"logic_epoch {number} is older than {max(known)}, which has counted this log")
    if hidden:
        raise EpochError(
            f"logic_epoch {max(hidden)} was begun and has not caught up in every partition: let its workers "
            "finish first, or, while none of its partitions is shown, stop them and say --abandon"
        )


def _step(
    settings: WorkerSettings,
    partition: int,
    base: int,
    kind: EpochKind,
    checkpoint: Checkpoint | None,
    begins: int,
) -> Step:
    until = checkpoint.next_offset if checkpoint else 0
    if begins and (kind is EpochKind.RECOUNTED or checkpoint is None):
        raise EpochError(
            f"partition {partition} of the log begins at {begins}: what came before cannot be counted again. "
            "Go on from the states with --continue, or count into another database"
        )
    goes_on = checkpoint if kind is EpochKind.CONTINUED else None
    epoch = Epoch(
        settings.source_epoch,
        settings.logic_epoch,
        partition,
        kind,
        begins_at=goes_on.generation if goes_on else 0,
        from_logic_epoch=base,
        from_offset=goes_on.next_offset if goes_on else 0,
        shown_from=until,
        reached=False,
    )
    return Step(epoch, goes_on.viewers if goes_on else 0, done=False)


def _plan_again(writer: Writer, own: Sequence[Epoch], kind: EpochKind) -> Plan:
    """Say what is left to do of an epoch that is noted."""
    if any(epoch.kind is not kind for epoch in own):
        raise EpochError(f"logic_epoch {own[0].logic_epoch} was begun as {own[0].kind}")

    def is_done(epoch: Epoch) -> bool:
        left = writer.newest_checkpoints(epoch.source_epoch, epoch.partition, epoch.logic_epoch)
        return kind is EpochKind.RECOUNTED or any(True for _ in left)

    return Plan((), [Step(epoch, 0, is_done(epoch)) for epoch in own], noted=True)


def _leave_first(
    writer: Writer, settings: WorkerSettings, rules: FoldRules, checkpointer: Checkpointer, epoch: Epoch
) -> None:
    """Write the rows that the epoch owns from the state it goes on from, and then its first checkpoint."""
    state = _state_of(writer, rules, epoch)
    owned = Owned(epoch.partition, state, fresh=False, now_s=0.0)
    for table, rows in owned.take_rows(
        COUNTER_TABLES, source_epoch=epoch.source_epoch, logic_epoch=settings.logic_epoch
    ):
        writer.write_rows(table, rows)
    sweep(state, list(state.viewers))
    writer.write_checkpoint(checkpointer.row(checkpointer.facts(owned), list(codec.encode(state))))


def _state_of(writer: Writer, rules: FoldRules, epoch: Epoch) -> Partition:
    if not epoch.from_offset:
        return Partition(rules)
    for checkpoint in writer.newest_checkpoints(epoch.source_epoch, epoch.partition, epoch.from_logic_epoch):
        if checkpoint.next_offset == epoch.from_offset and checkpoint.verifies:
            state = read_older(checkpoint, rules)
            take_over(state, rules)
            return state
    raise EpochError(
        f"the checkpoint of partition {epoch.partition} at offset {epoch.from_offset} that logic_epoch "
        f"{epoch.logic_epoch} goes on from is gone: begin another, one higher"
    )
