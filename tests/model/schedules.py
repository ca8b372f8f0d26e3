"""Schedules drawn from a seed, thousands of them: each a log, some steps in some order, and a drain.

`python -m tests.model.schedules 0 100000` runs that many; a single seed says what it does, step by step.
"""

import sys
from collections.abc import Iterable
from random import Random

from tests.model import log
from tests.model.model import Model
from tests.model.worker import Ways


def run(seed: int, ways: Ways | None = None, model: type[Model] = Model, forget: float = 0.0) -> None:
    """Run the schedule of a seed; raise AssertionError when what must hold does not."""
    rng = Random(seed)
    made = model(rng, log.draw(rng, most=12, border=model.border, forget=forget), ways)
    taken = []
    try:
        for _ in range(rng.randint(8, 26)):
            taken.append(rng.choice(model.steps))
            getattr(made, taken[-1])()
        made.check()
    except AssertionError as error:
        error.add_note(f"schedule {seed}: {' '.join(taken)}")
        raise


def first_failure(
    seeds: Iterable[int], ways: Ways | None = None, model: type[Model] = Model, forget: float = 0.0
) -> tuple[int, AssertionError] | None:
    """Run schedules until one fails; return its seed and what was wrong."""
    for seed in seeds:
        try:
            run(seed, ways, model, forget)
        except AssertionError as error:
            return seed, error
    return None


if __name__ == "__main__":
    found = first_failure(range(int(sys.argv[1]), int(sys.argv[2])))
    if found:
        raise found[1]
