"""The choices of a platform that change numbers. Any object with the same four names serves as well."""

from dataclasses import dataclass

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Rules:
    """Times in milliseconds; `experiment` is an experiment's id, or '' for none."""

    sitting_gap_ms: int = 30 * MINUTE
    valid_play_ms: int = 10_000
    played_after_ms: int = 5 * MINUTE
    experiment: str = ""
