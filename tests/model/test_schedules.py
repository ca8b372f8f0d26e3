"""Whatever dies, lingers, moves or is lost: once the log is read to its end, the tables are right."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.model import log
from tests.model.model import Model
from tests.model.pool import failures
from tests.model.schedules import first_failure

SCHEDULES_PER_EXAMPLE = 100
"""10,000 schedules by default, 500,000 with `--hypothesis-profile thorough`."""
SLICE = 500
FORGET = 0.2


def test_ten_thousand_schedules_end_with_the_tables_of_the_oracle():
    last = settings.default.max_examples * SCHEDULES_PER_EXAMPLE
    assert failures(first_failure, last, SLICE) == []


def test_a_deletion_is_met_once_whatever_dies_and_filters_the_same():
    """A tenth as many schedules, of logs in which viewers ask to be forgotten and go on all the same."""
    last = settings.default.max_examples * SCHEDULES_PER_EXAMPLE // 10
    assert first_failure(range(last), forget=FORGET) is None


class Schedules(RuleBasedStateMachine):
    """The same steps, chosen by hypothesis, which makes a failure small."""

    @initialize(rng=st.randoms(use_true_random=False))
    def begin(self, rng):
        self.model = Model(rng, log.draw(rng, most=12))

    @rule(name=st.sampled_from(Model.steps))
    def step(self, name):
        getattr(self.model, name)()

    def teardown(self):
        if hasattr(self, "model"):
            self.model.check()


def test_hypothesis_finds_no_schedule_that_ends_wrong():
    chosen = settings(
        settings.default, max_examples=3 * settings.default.max_examples, stateful_step_count=20
    )
    run_state_machine_as_test(Schedules, settings=chosen)
