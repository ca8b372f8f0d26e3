"""The rules of the fold that a platform may set: gaps, thresholds, lateness; fixed in a `logic_epoch`."""

import hashlib
import json
from dataclasses import asdict, dataclass

SECOND_MS = 1000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class FoldRules:
    """What the numbers mean where a platform may choose. All times in milliseconds.

    Attributes:
        lateness_ms: an event older than the watermark less this is quarantined as `late`.
        sitting_gap_ms: plays of a series at most this far apart are one sitting; a play's span
            reaches as far past its last event.
        clock_ahead_ms: how far `received_at` may run ahead of the broker's clock.
        valid_play_ms: wall time of playing that makes a play valid, if a quarter of the
            episode is longer.
        played_after_ms: a start within this after an unlock is "played after".
        generation_ms: how far the watermark moves within one generation of rows.
        experiment: id of the experiment whose variant is a dimension of the paywall rows, or ''.
    """

    lateness_ms: int = 6 * HOUR_MS
    sitting_gap_ms: int = 30 * MINUTE_MS
    clock_ahead_ms: int = 5 * MINUTE_MS
    valid_play_ms: int = 10_000
    played_after_ms: int = 5 * MINUTE_MS
    generation_ms: int = 5 * MINUTE_MS
    experiment: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for rules that cannot hold together."""
        for name, value in asdict(self).items():
            if isinstance(value, int) and not 0 <= value <= 7 * 24 * HOUR_MS:
                raise ValueError(f"{name} must be between 0 and a week, not {value}")
        if self.played_after_ms > self.sitting_gap_ms:
            raise ValueError("played_after_ms must not exceed sitting_gap_ms")
        if not SECOND_MS <= self.generation_ms <= self.lateness_ms:
            raise ValueError("generation_ms must be at least a second, and at most lateness_ms")

    def digest(self) -> str:
        """SHA-256 of the rules, as hex: two workers may share a `logic_epoch` only when it is equal."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """The rules as JSON, in one form."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "FoldRules":
        """Return the rules that `as_json` wrote."""
        return cls(**json.loads(text))
