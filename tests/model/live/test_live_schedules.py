"""However slices, lanes, rebalances and deaths of real workers fall together: the tables are right."""

from hypothesis import settings

from tests.model.live.schedules import first_failure
from tests.model.pool import failures

SCHEDULES = 10 * settings.default.max_examples
SLICE = 250


def test_a_thousand_schedules_of_real_workers_end_with_the_tables_of_the_oracle():
    assert failures(first_failure, SCHEDULES, SLICE) == []
