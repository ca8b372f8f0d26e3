"""A quarantined line is judged anew, and goes out as it would have counted then."""

import json

import pytest

from schemas.reasons import Reason
from schemas.rules import FoldRules
from streams.requeue import dated, speaks_against, viewer_of
from tests.model.test_found_here import start
from tests.model.world import HOUR, MIDNIGHT

RULES = FoldRules()


def line(**values):
    return json.dumps(start(0) | values).encode()


def test_a_line_that_says_when_it_was_received_stays_as_it_is():
    assert dated(line(), MIDNIGHT + HOUR) == line()


def test_a_line_that_does_not_is_dated_by_the_message_it_came_in():
    """Dated by the message that brings it again, it would count on another day."""
    for silent in (
        line(received_at=None),
        json.dumps({k: v for k, v in start(0).items() if k != "received_at"}).encode(),
    ):
        event = json.loads(dated(silent, MIDNIGHT + HOUR))
        assert event == start(0) | {"received_at": MIDNIGHT + HOUR}


@pytest.mark.parametrize("bad", [b"{", b"\xff", b"[]", b"3", b""])
def test_what_is_no_event_goes_out_as_it_is(bad):
    assert dated(bad, MIDNIGHT) == bad
    assert viewer_of(bad) == ""


@pytest.mark.parametrize(
    ("values", "watermark", "against"),
    [
        ({}, 0, None),
        ({}, MIDNIGHT + RULES.lateness_ms, None),
        ({}, MIDNIGHT + RULES.lateness_ms + 1, Reason.LATE),
        ({"occurred_at": MIDNIGHT + 1}, 0, Reason.CLOCK_UNUSABLE),
        ({"received_at": 0, "sent_at": MIDNIGHT + 1}, 0, Reason.CLOCK_UNUSABLE),
        ({"event_type": "what"}, 0, Reason.UNKNOWN_EVENT_TYPE),
        ({"viewer_id": None}, 0, Reason.MISSING_FIELD),
    ],
)
def test_what_would_be_set_aside_again_is_known_before(values, watermark, against):
    assert speaks_against(line(**values), MIDNIGHT, RULES, watermark) == against


def test_a_clock_that_runs_ahead_is_held_back_as_in_the_fold():
    ahead = line(received_at=MIDNIGHT + 100 * HOUR)
    bound = MIDNIGHT + RULES.clock_ahead_ms + RULES.lateness_ms
    assert speaks_against(ahead, MIDNIGHT, RULES, bound) is None
    assert speaks_against(ahead, MIDNIGHT, RULES, bound + 1) == Reason.LATE


def test_a_line_goes_to_the_partition_of_its_viewer():
    assert viewer_of(line()) == "v"
    assert viewer_of(line(viewer_id=5)) == ""
