"""What is left of who asked to be forgotten: found in lines of any shape, and said with the day it goes."""

import pytest
from pydantic import SecretStr

from cliffhanger.kafka_holds import Held
from cliffhanger.traces import Lines, Trace, Where, deletable_checkpoints, search, traces
from producers.collector.pseudonyms import Pseudonyms
from runtime.cutting import BEGINNING_BYTES, as_kept
from runtime.sealing import Seal
from schemas.reasons import Reason
from schemas.topics import DAY_MS
from warehouse.deletions import CheckpointName, LinePlace, StoredLine, ViewerDeletion

KEY, OTHER = (bytes([n]) * 32 for n in range(2))
PSEUDONYM = Pseudonyms(SecretStr("k" * 32)).of
RAW = "an id of theirs"
V = PSEUDONYM(RAW)
PLACE = LinePlace(1, 3, 100, 0)
NOON = 1_763_640_000_000
NOBODY = Lines({}, [])
SEAL = Seal((KEY,), "worker")
REQUEST = ViewerDeletion(*PLACE, V, NOON - 5_000, NOON, NOON + 2_000, 0)
NOTHING_HELD = Held({3: 101}, frozenset(), 7 * DAY_MS, 14 * DAY_MS)


def found(line, *, seal=None, pseudonym=None):
    return search([StoredLine(PLACE, NOON, NOON, line)], frozenset({V}), seal, pseudonym)


def named(line, **keys):
    return found(line, **keys) == Lines({V: {PLACE}}, [])


@pytest.mark.parametrize(
    "line",
    [
        b'{"viewer_id":"%b","sent_at":1}',
        b'{"viewer_id":"%b","sent_',
        b'\xff\xfe{"event":{"anything": [ "%b" ]}}',
        b'{"viewer_id":"\\u%04x%b"}' % (ord(V[0]), b"%b"),
    ],
    ids=["json", "cut", "not text", "escaped"],
)
def test_a_line_names_the_viewer_in_any_shape(line):
    viewer = V[1:] if b"\\u" in line else V
    assert named(line % viewer.encode())


@pytest.mark.parametrize("end", [b'"}\n', b"\n"])
def test_what_is_left_of_a_line_that_was_cut_names_the_viewer(end):
    line = b'{"more":"' + b"x" * (BEGINNING_BYTES - 24 - len(V)) + b'","viewer_id":"' + V.encode()
    assert len(line) == BEGINNING_BYTES
    assert named(as_kept(line + end))
    assert named(SEAL.line(as_kept(line + end), Reason.TOO_LARGE), seal=SEAL)


def test_a_line_of_somebody_else_is_left_alone():
    assert found(b'{"viewer_id":"%bx","other":"x%b"}' % (V.encode(), V.encode())) == NOBODY


def test_a_line_that_a_worker_sealed_is_opened():
    line = Seal((KEY,)).line(b'{"viewer_id":"%b"' % V.encode(), Reason.NOT_JSON)
    assert named(line, seal=Seal((KEY,)))


@pytest.mark.parametrize("sent", [b'{"anonymousId":"%b"}' % RAW.encode(), b'"%b"' % RAW.encode()])
def test_what_the_collector_sealed_is_searched_for_the_platforms_own_id(sent):
    line = Seal((KEY,), "collector").line(sent, Reason.NOT_ALLOWED)
    assert named(line, seal=Seal((KEY,)), pseudonym=PSEUDONYM)


def test_a_viewer_who_is_a_number_is_found():
    line = Seal((KEY,), "collector").line(b'{"userId": 4711}', Reason.NOT_ALLOWED)
    lines = [StoredLine(PLACE, NOON, NOON, line)]
    assert search(lines, frozenset({PSEUDONYM("4711")}), Seal((KEY,)), PSEUDONYM).named


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("worker", {}),
        ("worker", {"seal": Seal((OTHER,))}),
        ("collector", {"seal": Seal((KEY,))}),
    ],
    ids=["no key", "another key", "no key of pseudonyms"],
)
def test_a_line_that_nobody_can_read_is_kept_until_it_goes(by, keys):
    line = Seal((KEY,), by).line(b'"%b"' % V.encode(), Reason.NOT_JSON)
    lines = found(line, **keys)
    assert (lines.named, len(lines.shut)) == ({}, 1)
    left = traces(REQUEST, ([], []), lines, NOTHING_HELD, 1)
    assert left == [Trace(Where.SEALED, 1, NOON + 14 * DAY_MS)]


def test_a_line_that_came_after_the_request_holds_up_nothing():
    shut = [StoredLine(PLACE, REQUEST.dropped_at_ms + 1, NOON, b"")]
    assert traces(REQUEST, ([], []), Lines({}, shut), NOTHING_HELD, 1) == []


def test_kafka_holds_the_events_up_to_the_request_and_what_was_set_aside_until_then():
    kafka = Held({3: 100}, frozenset({REQUEST.dropped_at_ms}), 7 * DAY_MS, None)
    assert traces(REQUEST, ([], []), NOBODY, kafka, 1) == [
        Trace(Where.EVENTS_TOPIC, None, NOON + 7 * DAY_MS),
        Trace(Where.QUARANTINE_TOPIC, None, None),
    ]


def test_a_topic_that_was_replaced_holds_nothing():
    assert traces(REQUEST, ([], []), NOBODY, NOTHING_HELD._replace(begins={3: 0}), 2) == []


def test_checkpoints_from_before_the_request_go_when_a_newer_one_verifies():
    old, new = CheckpointName(1, 100), CheckpointName(1, 101)
    assert deletable_checkpoints(100, [new, old], new) == ([old], [])
    assert deletable_checkpoints(100, [new, old], old) == ([], [old])
    assert deletable_checkpoints(100, [old], None) == ([], [old])


def test_of_an_older_logic_epoch_the_newest_goes_too_and_of_a_newer_one_none():
    older, newer, newest = CheckpointName(1, 90), CheckpointName(3, 50), CheckpointName(2, 200)
    assert deletable_checkpoints(100, [older, newer, newest], newest) == ([older], [newer])
