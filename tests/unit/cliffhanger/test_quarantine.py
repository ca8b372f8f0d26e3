"""A replay of quarantine: what each policy does, where it stops, what is noted when."""

import json

import pytest

from cliffhanger.quarantine import BATCH, CUT, Policy, judged, send_again
from runtime.cutting import as_kept
from runtime.errors import DeliveryError
from schemas.rules import FoldRules
from tests.contracts.warehouse import a_line
from tests.model.test_found_here import start
from tests.model.world import MIDNIGHT
from warehouse.quarantine import Outcome

GOOD = json.dumps(start(0)).encode()
LEFT_OF_A_LINE = as_kept(GOOD + b"\n" + GOOD)
SENT, REQUEUED, DROPPED = Outcome.SENT, Outcome.REQUEUED, Outcome.DROPPED


class Sent(list):
    """A sender that keeps what it is given, and may fail when it must have arrived."""

    fails = False

    def send(self, viewer_id, line):
        self.append((viewer_id, line))

    def flush(self, timeout_s=None):
        if self.fails:
            raise DeliveryError("it did not arrive")


class Noted(list):
    def note(self, replayed):
        self.extend((place.offset, outcome) for place, outcome in replayed)


def replay(*lines, policy=Policy.STOP, most=None, sender=None):
    places = (a_line(offset, line=line, message_at_ms=MIDNIGHT) for offset, line in enumerate(lines))
    sender, notes = Sent() if sender is None else sender, Noted()
    told = send_again(judged(places, FoldRules(), {}), policy, most, sender, notes)
    return told, sender, notes


def test_what_can_be_used_is_sent_to_its_viewer_and_noted():
    told, sent, notes = replay(GOOD, GOOD)
    assert sent == [("v", GOOD)] * 2
    assert notes == [(0, SENT), (1, SENT)]
    assert told.stopped == ""


@pytest.mark.parametrize(
    ("policy", "lines", "noted", "stops"),
    [
        (
            Policy.STOP,
            [GOOD],
            [(0, SENT)],
            "partition 3, offset 1, line 0 would be set aside again as not_json",
        ),
        (Policy.REQUEUE, [GOOD, b"{", GOOD], [(0, SENT), (1, REQUEUED), (2, SENT)], ""),
        (Policy.DROP, [GOOD, GOOD], [(0, SENT), (1, DROPPED), (2, SENT)], ""),
    ],
)
def test_a_policy_says_what_becomes_of_a_line_that_is_still_bad(policy, lines, noted, stops):
    told, sent, notes = replay(GOOD, b"{", GOOD, policy=policy)
    assert [line for _, line in sent] == lines
    assert notes == noted
    assert told.stopped == stops


@pytest.mark.parametrize(
    ("policy", "noted", "stops"),
    [
        (Policy.STOP, [(0, SENT)], "was cut when it was set aside and cannot be sent"),
        (Policy.REQUEUE, [(0, SENT), (1, DROPPED), (2, SENT)], ""),
        (Policy.DROP, [(0, SENT), (1, DROPPED), (2, SENT)], ""),
    ],
)
def test_what_is_left_of_a_line_is_never_sent(policy, noted, stops):
    """It would be a further line, that nobody has sent."""
    told, sent, notes = replay(GOOD, LEFT_OF_A_LINE, GOOD, policy=policy)
    assert {line for _, line in sent} == {GOOD}
    assert (notes, told.verdicts[CUT]) == (noted, 1)
    assert stops in told.stopped


def test_no_more_lines_than_were_asked_for():
    told, sent, notes = replay(GOOD, GOOD, GOOD, most=2)
    assert (len(sent), len(notes), told.stopped) == (2, 2, "2 lines are done")


def test_what_did_not_arrive_is_not_noted():
    sender = Sent()
    sender.fails = True
    notes = Noted()
    lines = judged(iter([a_line(line=GOOD)]), FoldRules(), {})
    with pytest.raises(DeliveryError):
        send_again(lines, Policy.STOP, None, sender, notes)
    assert notes == []


def test_long_replays_are_noted_batch_by_batch():
    class Dies(Sent):
        def send(self, viewer_id, line):
            super().send(viewer_id, line)
            if len(self) > BATCH:
                raise DeliveryError("it died")

    notes = Noted()
    lines = (a_line(offset, line=GOOD, message_at_ms=MIDNIGHT) for offset in range(BATCH + 1))
    with pytest.raises(DeliveryError):
        send_again(judged(lines, FoldRules(), {}), Policy.STOP, None, Dies(), notes)
    assert len(notes) == BATCH
