"""Many schedules, in slices, on the cores there are."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

Failure = tuple[int, Exception]
PROCESSES = 2


def failures(first_failure: Callable[[range], Failure | None], last: int, a_slice: int) -> list[str]:
    """Return what went wrong in the schedules below `last`: the first of each slice, with its notes."""
    slices = [range(begin, min(begin + a_slice, last)) for begin in range(0, last, a_slice)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        return [found for found in pool.map(partial(_said, first_failure), slices) if found is not None]


def _said(first_failure: Callable[[range], Failure | None], seeds: range) -> str | None:
    """Text: not every exception can be sent to another process."""
    failure = first_failure(seeds)
    return failure and "\n".join((str(failure[1]), *failure[1].__notes__))
