"""The real worker with one thing wrong: what somebody could believe to be harmless. The model must not.

`HARMLESS` are those that somebody could believe to be wrong: they waste work, and change no number.
"""

from collections.abc import Sequence
from typing import Any

from schemas.tables import EXIT_CURVES, SITTINGS
from streams import checkpointing, worker
from streams.assignment import Assignment
from streams.intake import Intake
from streams.outbox import Outbox, Share, over
from streams.sink import Flush
from streams.worker import PLAYBACK_TABLES, Worker
from tests.model.mutants import Mutant, nothing

_FOLD, _FINISH, _WRITE_CHECKPOINT = Intake.fold, Worker.finish, Worker._write_checkpoint
_STORE, _WRITE, _KEEP = Outbox._store, Outbox._write, Assignment.keep_what_stayed
ANY = ("checkpoint", "view: wrong", "versions: two values", "ended the process")
"""A row that is wrong may be met by a checkpoint, by the readers, or by who writes it again."""


async def _store_at_once(self: Outbox, flush: Flush, share: Share, before: Any, stored: Any) -> None:
    await _STORE(self, flush, share, None, stored)


async def _acknowledge_first(self: Outbox, flush: Flush, sink: Any, share: Share) -> Any:
    self._acknowledge(share)
    return await _WRITE(self, flush, sink, Share(share.generation, {}))


async def _flush_only_what_is_mine(self: Worker) -> None:
    generation, rows = self.assignment.generation, {}
    for owned in list(self.partitions.values()):
        async with self.busy:
            if self.assignment.owns(owned):
                self._count(owned, PLAYBACK_TABLES, rows)
    if not self.assignment.has_moved_on(generation):
        self.outbox.begin_playback(Flush(rows=list(rows.values())))


def _fold_meanwhile(self: Intake, record: Any) -> None:
    owned = self._assignment.partitions.get(record.partition)
    if owned is not None:
        encoding, owned.encoding = owned.encoding, False
        _FOLD(self, record)
        owned.encoding = encoding


async def _finish_at_once(self: Worker) -> None:
    waits, self._long_work = self._long_work, None
    await _FINISH(self)
    await over(waits)


async def _checkpoint_its_own_tables(self: Worker, owned: Any, chunks: list[bytes]) -> None:
    """Rows of the paywall and of playback have flushes of their own."""
    take = self._take_rows
    self._take_rows = lambda owned, _: take(owned, (EXIT_CURVES, SITTINGS))
    try:
        await _WRITE_CHECKPOINT(self, owned, chunks)
    finally:
        self._take_rows = take


def _keep_whatever_is_mine(self: Assignment, numbers: Sequence[int], generation: int) -> bool:
    """Somebody else may have owned them in between."""
    if self.generation is not None and generation != self.generation:
        self.generation = generation - 1
    return _KEEP(self, numbers, generation)


def _forget_the_encoding(self: Assignment, numbers: Sequence[int], generation: int) -> bool:
    """What was under way in the generation before is over, is it not?"""
    has_changed = _KEEP(self, numbers, generation)
    for owned in self.partitions.values():
        owned.encoding = False
    return has_changed


def _mutant(within: int, where: Any, name: str, instead: Any, finds: Any = ANY) -> Mutant:
    return Mutant(finds, within, patches=((where, name, instead),))


MUTANTS = {
    "count the paywall in slices": _mutant(2_000, checkpointing, "count_paywall", nothing),
    "store a checkpoint while the paywall is written": _mutant(100, Outbox, "_store", _store_at_once),
    "acknowledge before the write": _mutant(10, Outbox, "_write", _acknowledge_first, "acknowledged"),
    "drop what was taken when the group has moved on": _mutant(
        1_000, Worker, "_flush_playback", _flush_only_what_is_mine
    ),
    "fold a partition that is being encoded": _mutant(50, Intake, "fold", _fold_meanwhile),
    "fold what stays while it is being encoded": _mutant(
        1_000, Assignment, "keep_what_stayed", _forget_the_encoding
    ),
    "stop in the middle of a count": _mutant(500, Worker, "finish", _finish_at_once),
    "stop without a count": _mutant(10, worker, "count_all", nothing),
    "write playback in the middle of a count": _mutant(50, worker, "is_over", lambda _: True),
    "checkpoint the rows of its own tables": _mutant(
        10, Worker, "_write_checkpoint", _checkpoint_its_own_tables
    ),
}
HARMLESS = {
    "keep a state that was somebody else's in between": (
        Assignment, "keep_what_stayed", _keep_whatever_is_mine
    ),
}  # fmt: skip
