"""Say what is wrong with a checkpoint, down to its state. Pure."""

from collections.abc import Iterator

from runtime.errors import CliffhangerError
from schemas.rules import FoldRules
from streams.takeover import read_older
from warehouse.checkpoints import Checkpoint


def faults_of(checkpoint: Checkpoint, rules: FoldRules) -> list[str]:
    """Return what speaks against a checkpoint, in sentences; nothing when a worker may go on from it.

    The hash holds, the state decodes, says of itself what the row says, and obeys the conservation law.
    `rules` are those of the settings, for a checkpoint that does not say its own.
    """
    try:
        state = read_older(checkpoint, rules)
    except CliffhangerError as error:
        return [str(error)]
    said = {
        "next_offset": (checkpoint.next_offset, state.next_offset),
        "generation": (checkpoint.generation, state.book.generation),
        "watermark_ms": (checkpoint.watermark_ms, state.watermark),
        "viewers": (checkpoint.viewers, len(state.viewers)),
        "received": (checkpoint.received, state.tally.received),
    }
    return [*_contradictions(said), *_lost(checkpoint.unaccounted, state.tally.missing)]


def order_of(next_offset: int, begins: int, ends: int) -> str:
    """Say what speaks against a checkpoint's place in the log; '' when a worker can read on from it."""
    if next_offset < begins:
        return f"the log begins at {begins}: events after the state are gone"
    if next_offset > ends:
        return f"the log ends at {ends}: it is not the log that was counted"
    return ""


def _contradictions(said: dict[str, tuple[int, int]]) -> Iterator[str]:
    for name, (row, state) in said.items():
        if row != state:
            yield f"{name} is {row} in the row and {state} in the state"


def _lost(row: int, state: int) -> Iterator[str]:
    if row or state:
        yield f"{row or state} lines have no outcome: the conservation law is broken"
