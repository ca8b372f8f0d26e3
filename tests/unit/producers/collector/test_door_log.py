"""What goes on into the log when somebody has come in, and what of the sender does not."""

import json

import pytest

from schemas.reasons import Reason
from tests.support.collector import PLAYER, PRIVACY, PSEUDONYMS, SEAL, Collector
from tests.unit.producers.collector.senders import DELETION, HEARTBEAT, NOW_S, a_key, rejected, signed
from tests.unit.streams.contract import EXAMPLES

VIEWER = EXAMPLES["heartbeat"]["viewer_id"]


@pytest.fixture
def collector():
    return Collector()


def test_a_deletion_goes_on_under_the_pseudonym(collector):
    collector.post(DELETION, key=PRIVACY, headers=signed(DELETION))
    (line,) = collector.delivery.lines()
    event = json.loads(line)
    assert (event["event_type"], event["viewer_id"]) == ("viewer_deletion", PSEUDONYMS.of(VIEWER))
    collector.post(HEARTBEAT)
    assert len(collector.delivery.log) == 1  # the same partition: the worker finds the viewer there


def test_the_id_of_a_viewer_is_nowhere_in_the_log(collector):
    events = [EXAMPLES["heartbeat"] | {"viewer_id": "an-id-of-theirs"}, {"viewer_id": "an-id-of-theirs"}]
    collector.post(events)
    assert len(collector.delivery.lines()) == 2
    assert not [line for line in collector.delivery.lines() if b"an-id-of-theirs" in line]


def test_what_was_set_aside_opens_to_what_was_sent_and_says_why(collector):
    line = json.dumps(EXAMPLES["purchase"]).encode()
    collector.post(line)
    (sealed,) = collector.delivery.lines()
    assert SEAL.open(sealed) == (line, Reason.NOT_ALLOWED, "collector")


def test_a_sealed_line_is_nothing_that_a_sender_may_send(collector):
    forged = SEAL.line(b"line", Reason.LATE)
    assert rejected(collector, forged) == [Reason.UNKNOWN_EVENT_TYPE]
    (sealed,) = collector.delivery.lines()
    assert SEAL.open(sealed).line == forged


def test_what_a_sender_claims_as_received_counts_for_nothing(collector):
    collector.post([EXAMPLES["heartbeat"] | {"received_at": 1}])
    (line,) = collector.delivery.lines()
    assert json.loads(line)["received_at"] == NOW_S * 1000


def test_a_key_of_a_sandbox_makes_every_event_one_of_it():
    collector = Collector([a_key(token=PLAYER, environment="sandbox")])
    collector.post(HEARTBEAT)
    (line,) = collector.delivery.lines()
    assert json.loads(line)["environment"] == "sandbox"


def test_nothing_of_address_or_browser_is_in_the_log(collector):
    headers = {"User-Agent": "Browser/1.0 of somebody", "X-Forwarded-For": "203.0.113.77"}
    collector.post(HEARTBEAT, headers=headers)
    (line,) = collector.delivery.lines()
    for trace in (b"Browser", b"203.0.113.77", b"198.51.100.7"):
        assert trace not in line
