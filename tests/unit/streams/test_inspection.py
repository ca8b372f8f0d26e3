"""What speaks against a checkpoint, and against its place in the log."""

from dataclasses import replace

import pytest

from schemas.rules import FoldRules
from streams.inspection import faults_of, order_of
from streams.partition import Partition
from tests.model.test_found_here import fold, start
from tests.unit.streams.test_takeover import checkpoint_of

RULES = FoldRules()


@pytest.fixture
def sound():
    """A checkpoint against which nothing speaks."""
    state = Partition(RULES)
    fold(state, start(0))
    return checkpoint_of(
        state, RULES, generation=0, watermark_ms=state.watermark, viewers=1, received=1, applied=1,
        redundant=0, excluded=0, quarantined=0,
    )  # fmt: skip


def test_nothing_speaks_against_a_sound_one(sound):
    assert faults_of(sound, RULES) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"state": b"x"}, "the checkpoint of partition 3 at offset 1 is damaged"),
        ({"next_offset": 2}, "next_offset is 2 in the row and 1 in the state"),
        ({"viewers": 9}, "viewers is 9 in the row and 1 in the state"),
        ({"applied": 0}, "1 lines have no outcome: the conservation law is broken"),
        (
            {"state_format": 99},
            "the checkpoint of partition 3 at offset 1 is of state format 99, unknown here",
        ),
    ],
)
def test_what_does_not_fit_is_named(sound, change, fault):
    assert faults_of(replace(sound, **change), RULES) == [fault]


def test_a_checkpoint_has_a_place_between_the_begin_and_the_end_of_the_log():
    assert order_of(5, begins=5, ends=5) == ""
    assert order_of(4, begins=5, ends=9) == "the log begins at 5: events after the state are gone"
    assert order_of(10, begins=5, ends=9) == "the log ends at 9: it is not the log that was counted"
