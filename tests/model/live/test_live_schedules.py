"""However slices, lanes, rebalances and deaths of real workers fall together: the tables are right."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from hypothesis import settings

from tests.model.live.schedules import first_failure

SCHEDULES = 10 * settings.default.max_examples
SLICE = 250
PROCESSES = 2


def test_a_thousand_schedules_of_real_workers_end_with_the_tables_of_the_oracle():
    slices = [range(begin, min(begin + SLICE, SCHEDULES)) for begin in range(0, SCHEDULES, SLICE)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        found = [failure for failure in pool.map(_failure_in, slices) if failure is not None]
    assert found == []


def _failure_in(seeds):
    failure = first_failure(seeds)
    return failure and "\n".join((str(failure[1]), *failure[1].__notes__))
