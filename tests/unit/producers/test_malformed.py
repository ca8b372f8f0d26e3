import json
from random import Random

import pytest
from pydantic import ValidationError

from producers.simulator import Dirt, SimulationSettings, simulate
from producers.simulator.malformed import KINDS, break_line, make_late, resend
from schemas.events import EVENT
from schemas.fields import MAX_LINE_BYTES
from schemas.reasons import AT_THE_DOOR, Reason

OFFLINE = Dirt.none().model_copy(update={"offline": 1.0})
GOOD = [
    delivery.line.decode()
    for settings in (
        SimulationSettings(live_viewers=20, max_events=60, dirt=Dirt.none()),
        SimulationSettings(live_viewers=20, max_events=60, dirt=OFFLINE),
    )
    for delivery in simulate(settings)
]
ID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("name", KINDS)
def test_no_kind_of_broken_line_can_be_used(name):
    """A line of a phone that was hours offline, sent 5 s earlier, was not broken at all."""
    reason, broken = KINDS[name]
    for line in GOOD:
        result = broken(line, Random(1))
        assert b"\n" not in result
        if reason is Reason.TOO_LARGE:
            assert len(result) > MAX_LINE_BYTES
            continue
        assert len(result) <= MAX_LINE_BYTES
        with pytest.raises(ValidationError):
            EVENT.validate_json(result)


def test_every_reason_that_lies_in_the_line_has_a_kind():
    assert {reason for reason, _ in KINDS.values()} == set(Reason) - AT_THE_DOOR - {Reason.LATE}


def test_a_broken_line_does_not_carry_the_id_of_the_good_one():
    own = json.loads(GOOD[0])["event_id"].encode()
    for seed in range(100):
        assert own not in break_line(GOOD[0], ID, Random(seed))[1]


def test_a_late_line_arrives_when_the_good_one_does():
    good, late = json.loads(GOOD[0]), json.loads(make_late(GOOD[0], ID, 5_000))
    assert late == good | {"event_id": ID, "occurred_at": good["occurred_at"] - 5_000}


def test_a_line_that_is_sent_again_keeps_its_event_time():
    good, again = json.loads(GOOD[0]), json.loads(resend(GOOD[0], 700))
    later = {"sent_at": good["sent_at"] + 700, "received_at": good["received_at"] + 700}
    assert again == good | later
