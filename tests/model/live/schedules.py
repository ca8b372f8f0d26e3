"""Schedules of live processes drawn from a seed: each a log, some steps in some order, and a drain.

`python -m tests.model.live.schedules 0 10000` runs that many; a single seed says what it does, step by step.
"""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random

from streams import checkpoint, checkpointing, intake
from tests.model.live.model import Live
from tests.model.log import Log
from tests.model.world import IMPATIENT, PATIENT, world

SLICES = (
    (checkpointing, "TOUCHED_A_SLICE", (1, 1, 2, 1_000)),
    (checkpointing, "VIEWERS_A_SLICE", (1, 1_000, 1_000)),
    (checkpoint, "ROWS_A_SLICE", (1, 1_000, 1_000)),
    (checkpoint, "VIEWERS_A_SLICE", (1, 1_000, 1_000)),
    (intake, "YIELD_AFTER_S", (-1.0, -1.0, 1.0)),
)
"""How much is done before others have their turn: where, and what it may be. -1 seconds are always over."""

FEW = (["vvvvw"], ["uvwxyz"], ["uvw", "x"], ["uvwwx", "yyz"])
CROWDS = (["abcdefghijklmnopqrst"], ["abcdefghij", "klmnopqrst"], ["abcdefghijklmnop", "qrst"])


def draw(rng: Random) -> Log:
    """Draw a log of one or two partitions, of few viewers or many. In one of four some are forgotten."""
    rules = rng.choice((PATIENT, PATIENT, PATIENT, IMPATIENT))
    crowd = rng.random() < 0.7
    viewers = rng.choice(CROWDS if crowd else FEW)
    forget = rng.choice((0.0, 0.0, 0.0, 0.1))
    most = 40 // len(viewers)
    return Log([world(rng, rules, most=most, viewers=some, crowd=crowd, forget=forget) for some in viewers])


def run(seed: int) -> None:
    """Run the schedule of a seed; raise AssertionError when what must hold does not."""
    rng = Random(seed)
    taken: list[str] = []
    with in_small_slices(rng):
        made = Live(rng, draw(rng))
        try:
            for _ in range(rng.randint(10, 80)):
                taken.append(rng.choice(made.steps))
                made.step(taken[-1])
            made.check()
        except AssertionError as error:
            error.add_note(f"live schedule {seed}: {' '.join(taken)}")
            raise
        finally:
            made.end()


def first_failure(seeds: Iterable[int]) -> tuple[int, AssertionError] | None:
    """Run schedules until one fails; return its seed and what was wrong."""
    for seed in seeds:
        try:
            run(seed)
        except AssertionError as error:
            return seed, error
    return None


@contextmanager
def in_small_slices(rng: Random) -> Iterator[None]:
    """Have long work done in small slices, and nobody told of what goes wrong on purpose."""
    before = [(where, name, getattr(where, name)) for where, name, _ in SLICES]
    log = logging.getLogger("streams")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    for where, name, sizes in SLICES:
        setattr(where, name, rng.choice(sizes))
    try:
        yield
    finally:
        log.setLevel(level)
        for where, name, value in before:
            setattr(where, name, value)


if __name__ == "__main__":
    found = first_failure(range(int(sys.argv[1]), int(sys.argv[2])))
    if found:
        raise found[1]
