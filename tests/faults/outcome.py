"""What a scenario found, as data and as a line of the table."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """Faults are counted when they struck a live process; `wrong` differ from the oracle's.

    `kinds` are the recoveries by kind of fault. `figures` are more tables: title -> rows, each a dict.
    """

    scenario: str
    title: str
    seed: int
    cycles: int = 0
    hits: int = 0
    events: int = 0
    rows: int = 0
    wrong: int = 0
    differences: list = field(default_factory=list)
    recovery_s: list = field(default_factory=list)
    silence_s: dict = field(default_factory=dict)
    stop_s: list = field(default_factory=list)
    exits: dict = field(default_factory=dict)
    hangs: list = field(default_factory=list)
    notes: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)
    error: str = ""
    minutes: float = 0.0
    took_s: float = 0.0
    must_fail: bool = False

    @property
    def passed(self):
        """Whether it went as it must: no wrong value, or, of workers broken on purpose, some."""
        if self.must_fail:
            return self.wrong > 0
        return not (self.wrong or self.hangs or self.error) and self.hits >= self.cycles

    @property
    def recovery(self):
        return median_and_worst(self.recovery_s)


def median_and_worst(seconds):
    """Both as text; nothing of nothing."""
    return f"{statistics.median(seconds):.1f} / {max(seconds):.1f}" if seconds else ""
