"""The checkpoint of a partition: one row that holds its whole state and what it has counted."""

import hashlib
from dataclasses import dataclass
from typing import Final

KEEP_CHECKPOINTS: Final = 2
"""The newest checkpoints of a partition that are never dropped: one to load, one to fall back to."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of one partition after the prefix of the log that ends before `next_offset`.

    Attributes:
        source_epoch: which log; raised when the topic is created anew or repartitioned.
        partition: partition of the topic.
        logic_epoch: which code and rules made the state.
        next_offset: the first offset that is not in the state.
        generation: the generation of rows that is open.
        watermark_ms: greatest trusted receive time seen, milliseconds since the epoch.
        viewers: viewers in the state.
        received: lines received since the beginning of the log; so are the next four.
        applied: lines that changed the state.
        redundant: lines that changed nothing.
        excluded: lines of sandbox and internal traffic.
        quarantined: lines set aside with a reason.
        rules_digest: digest of the rules of the fold.
        state_format: layout of `state`.
        state_sha256: SHA-256 of `state`, as hex.
        state: the packed state.
        worker: who wrote it; for people.
        rules: the rules of the fold as JSON; '' in checkpoints of before they were kept.
    """

    source_epoch: int
    partition: int
    logic_epoch: int
    next_offset: int
    generation: int
    watermark_ms: int
    viewers: int
    received: int
    applied: int
    redundant: int
    excluded: int
    quarantined: int
    rules_digest: str
    state_format: int
    state_sha256: str
    state: bytes
    worker: str
    rules: str = ""

    @property
    def verifies(self) -> bool:
        """Whether the state is the one whose hash was written with it."""
        return sha256_hex(self.state) == self.state_sha256

    @property
    def unaccounted(self) -> int:
        """Lines that were received and have no outcome; the conservation law says 0."""
        outcomes = self.applied + self.redundant + self.excluded + self.quarantined
        return self.received - outcomes


def sha256_hex(state: bytes) -> str:
    """SHA-256 of a packed state, as a checkpoint holds it."""
    return hashlib.sha256(state).hexdigest()
