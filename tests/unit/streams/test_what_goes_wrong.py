"""What goes wrong in real streams: each case has a place where it lands. The names of the tests say where."""

import json

import pytest

from schemas.fields import MAX_LINE_BYTES, MAX_MESSAGE_BYTES
from schemas.reasons import Reason
from schemas.rules import FoldRules
from streams.decode import decode, judge, split
from streams.fold import Reject
from tests.properties.folding import Folding, view
from tests.properties.worlds import Message
from tests.unit.oracle.events import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    NOON_S,
    SECOND,
    checkout,
    heartbeat,
    purchase,
    shown,
    start,
    unlock,
    watch,
)
from tests.unit.streams.folded import RULES, encode, folding, message, row, rows, total

START = encode(start())


def reason(line: bytes) -> Reason:
    """Why a line goes to quarantine, alone or between two lines that count."""
    (rejected,) = Folding(RULES).take(Message(NOON, line))
    among = Folding(RULES)
    assert among.take(Message(NOON, b"\n".join([START, line, encode(start("p2"))]))) == [
        Reject(1, rejected.reason)
    ]
    assert (among.partition.tally.applied, among.partition.tally.quarantined) == (2, 1)
    return rejected.reason


def with_field(text: bytes, name: str = "viewer_id") -> bytes:
    """A start one of whose fields is written like this."""
    value = json.dumps(json.loads(START)[name]).encode()
    key = f'"{name}": '.encode()
    assert START.count(key + value) == 1
    return START.replace(key + value, key + text)


# Clocks


def test_of_tied_starts_the_smaller_event_id_says_what_a_play_is():
    first, second = start(episode=1), start(episode=2)
    for order in ([first, second], [second, first]):
        assert [key[2] for key in rows("episode_minutes", order)] == [1]


def test_of_tied_starts_of_the_next_episode_the_smaller_event_id_decides_how_it_went_on():
    ends = watch()
    auto, tapped = start("p2", MINUTE, episode=2, reason="auto_next"), start("p3", MINUTE, episode=2)
    for order in ([auto, tapped], [tapped, auto]):
        assert total("episode_minutes", "continued_auto", [*ends, *order]) == 1
        assert total("episode_minutes", "continued_deliberate", [*ends, *order]) == 0


def test_all_events_at_one_time_count_once_each():
    lines = [start(), heartbeat(), heartbeat(position=5), shown(episode=1), unlock(episode=1)]
    assert folding(lines).partition.tally.applied == 4  # the first heartbeat says nothing new
    assert row("unlock_minutes", lines)["without_impression"] == 0


def test_an_event_hours_late_from_an_offline_phone_counts_in_its_own_minute():
    late = [e | {"sent_at": NOON + 5 * HOUR, "received_at": NOON + 5 * HOUR} for e in watch()]
    online = start("p2", 5 * HOUR, episode=7)
    assert rows("episode_minutes", [online, *late])[NOON_S, "s", 1, 0, "ios", "US"]["completes"] == 1


@pytest.mark.parametrize(("age", "landed"), [(6 * HOUR, []), (6 * HOUR + 1, [Reason.LATE])])
def test_an_event_older_than_the_lateness_is_quarantined_not_counted(age, landed):
    folded = Folding(RULES)
    folded.take(message([start(at=age)]))
    old = start("p2") | {"sent_at": NOON + age, "received_at": NOON + age}
    assert [reject.reason for reject in folded.take(message([old]))] == landed


def test_an_event_of_any_environment_can_be_late():
    folded = Folding(RULES)
    folded.take(message([start(at=7 * HOUR)]))
    for old in (start(), start(environment="sandbox")):
        assert [r.reason for r in folded.take(message([old]))] == [Reason.LATE]


@pytest.mark.parametrize("skew", [2 * DAY, -2 * DAY])
def test_a_clock_two_days_off_is_corrected_and_the_event_counts(skew):
    event = start() | {
        "occurred_at": NOON + skew,
        "sent_at": NOON + skew + SECOND,
        "received_at": NOON + SECOND,
    }
    assert next(iter(rows("episode_minutes", [event])))[0] == NOON_S


def test_a_clock_that_ran_backwards_is_unusable():
    line = encode(start() | {"sent_at": NOON - 1})
    assert reason(line) == Reason.CLOCK_UNUSABLE


def test_a_corrected_time_before_1970_is_unusable():
    event = start() | {"occurred_at": 0, "sent_at": 10, "received_at": 9}
    (reject,) = Folding(FoldRules()).take(Message(9, encode(event)))
    assert reject.reason == Reason.CLOCK_UNUSABLE


def test_a_collector_that_runs_ahead_is_held_to_five_minutes_past_the_broker():
    folded = Folding(RULES)
    folded.take(Message(NOON, encode(start() | {"received_at": NOON + DAY})))
    assert folded.partition.watermark == NOON + 5 * MINUTE
    assert [key[0] for key in view(folded.finish())["episode_minutes"]] == [NOON_S + 300]


def test_where_no_collector_stood_the_broker_says_when_it_was_received():
    event = start()
    del event["received_at"]
    folded = Folding(RULES)
    folded.take(Message(NOON + MINUTE, encode(event)))
    assert [key[0] for key in view(folded.finish())["episode_minutes"]] == [NOON_S + 60]


# Players


def test_counters_that_go_back_count_as_far_as_they_got():
    lines = [
        start(), heartbeat(at=5_000, position=40_000, played=40_000, watched=40_000),
        heartbeat(at=9_000, position=5_000, played=5_000, watched=5_000),
    ]  # fmt: skip
    found = row("episode_minutes", lines)
    assert (found["played_ms"], found["watched_ms"], found["reached_50"]) == (40_000, 40_000, 1)


def test_a_player_that_restarts_its_counters_counts_the_greater_stretch():
    before = [start(), heartbeat(at=10_000, position=10_000, played=10_000)]
    after = [heartbeat(at=20_000, position=15_000, played=3_000)]
    assert row("episode_minutes", before + after)["played_ms"] == 10_000


@pytest.mark.parametrize("written", [b"0", b"-1"])
def test_a_duration_of_zero_is_quarantined(written):
    assert reason(with_field(written, "duration_ms")) == Reason.INVALID_VALUE


def test_a_missing_duration_is_quarantined():
    event = start()
    del event["duration_ms"]
    assert reason(encode(event)) == Reason.MISSING_FIELD


def test_a_duration_that_changes_is_what_the_first_start_says():
    lines = [start(duration_ms=30_000), start(at=5, duration_ms=90_000), heartbeat(at=9, position=29_000)]
    assert row("exit_curves", lines)["plays_by_bin"] == {29: 1}
    assert row("episode_minutes", lines)["reached_95"] == 1


def test_a_position_that_is_null_is_quarantined():
    line = encode(heartbeat() | {"position_ms": None})
    assert [r.reason for r in Folding(RULES).take(Message(NOON, line))] == [Reason.MISSING_FIELD]


def test_counters_that_are_null_are_absent_and_the_event_counts():
    assert row("episode_minutes", [start(), heartbeat(at=5, position=59_999)])["reached_95"] == 1


@pytest.mark.parametrize(("duration", "last_bin"), [(60_000, 59), (59_001, 59), (300_001, 299)])
def test_a_position_past_the_end_is_in_the_last_bin(duration, last_bin):
    lines = [start(duration_ms=duration), heartbeat(at=5, position=10 * duration)]
    assert row("exit_curves", lines)["plays_by_bin"] == {last_bin: 1}


def test_more_watched_than_there_is_counts_as_the_whole():
    assert row("episode_minutes", [start(), heartbeat(at=5, watched=90_000)])["watched_ms"] == MINUTE


def test_an_id_that_appears_in_mid_play_counts_nothing_until_its_start_comes():
    progress = heartbeat(at=30_000, position=60_000, played=60_000, watched=60_000)
    assert rows("episode_minutes", [progress]) == {}
    assert row("episode_minutes", [progress, start()])["completes"] == 1


# Paywalls


def test_a_preloaded_paywall_is_no_impression():
    """Nothing is sent for it; what names it counts nothing and changes no row."""
    lines = [checkout(), purchase(), unlock(names="i1")]
    assert rows("paywall_minutes", lines) == {}
    assert row("unlock_minutes", lines)["without_impression"] == 1


def test_an_unlock_without_an_impression_counts_as_such():
    assert row("unlock_minutes", [unlock()]) == {
        "unlocks": 1, "coins_paid": 0, "coins_bonus": 0, "without_impression": 1,
    }  # fmt: skip


def test_a_sandbox_purchase_is_excluded():
    lines = [shown(), checkout(), unlock(names="i1"), purchase(environment="sandbox")]
    folded = folding(lines)
    assert (folded.partition.tally.applied, folded.partition.tally.excluded) == (3, 1)
    assert row("paywall_minutes", lines)["revenue_usd_micros"] == 0
    assert row("viewer_days", lines)["paid"] == 0


def test_the_same_purchase_from_client_and_server_counts_once():
    lines = [shown(), checkout(), unlock(names="i1"), purchase(at=2), purchase(at=1)]
    assert row("paywall_minutes", lines)["revenue_usd_micros"] == 100


# Bytes


@pytest.mark.parametrize("written", [b"NaN", b"Infinity", b"-Infinity", b"nan"])
@pytest.mark.parametrize("name", ["start_position_ms", "viewer_id"])
def test_a_number_that_is_none_is_no_json(name, written):
    assert reason(with_field(written, name)) == Reason.NOT_JSON


@pytest.mark.parametrize("written", [b"1e400", b"-1e400"])
def test_a_number_that_no_float_can_hold_is_an_invalid_value(written):
    assert reason(with_field(written, "start_position_ms")) == Reason.INVALID_VALUE


@pytest.mark.parametrize("text", [b'"\\ud800"', b'"\\udc00 \\ud83d"', b'"\xed\xa0\x80"'])
def test_a_lone_surrogate_is_no_json(text):
    assert reason(with_field(text)) == Reason.NOT_JSON
    assert reason(START[:-1] + b', "ignored": ' + text + b"}") == Reason.NOT_JSON


def test_a_pair_of_surrogates_is_a_character():
    assert not isinstance(judge(with_field(b'"\\ud83d\\ude00"')), Reason)


def test_an_escaped_nul_is_an_invalid_value_and_a_raw_one_no_json():
    assert reason(with_field(b'"a\\u0000b"')) == Reason.INVALID_VALUE
    assert reason(with_field(b'"a\x00b"')) == Reason.NOT_JSON
    assert reason(b"\x00") == Reason.NOT_JSON


def test_delete_is_an_invalid_value_escaped_or_not():
    for text in (b'"a\\u007fb"', b'"a\x7fb"'):
        line = with_field(text)
        assert reason(line) == Reason.INVALID_VALUE
        assert decode(line).rejects == [(0, Reason.INVALID_VALUE)]


def test_a_hundred_thousand_brackets_are_too_large_and_as_many_as_fit_no_json():
    assert reason(b"[" * 100_000) == Reason.TOO_LARGE
    assert reason(b"[" * MAX_LINE_BYTES) == Reason.NOT_JSON
    half = MAX_LINE_BYTES // 2
    assert reason(b"[" * half + b"]" * half) == Reason.NOT_JSON
    nested = START[:-1] + b', "ignored": ' + b"[" * 15_000 + b"]" * 15_000 + b"}"
    assert reason(nested) == Reason.NOT_JSON


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", Reason.NOT_JSON),
        (START[:-1], Reason.NOT_JSON),
        (START + b",", Reason.NOT_JSON),
        (b"\x1f\x8b\x08\x00\x00", Reason.NOT_JSON),
        (b"[]", Reason.NOT_AN_OBJECT),
        (b"null", Reason.NOT_AN_OBJECT),
        (b"1", Reason.NOT_AN_OBJECT),
        (b'"text"', Reason.NOT_AN_OBJECT),
        (b"{}", Reason.MISSING_FIELD),
        (encode(start() | {"event_type": "coffee"}), Reason.UNKNOWN_EVENT_TYPE),
        (encode(start() | {"schema_version": 2, "event_type": "coffee"}), Reason.UNKNOWN_SCHEMA_VERSION),
    ],
)
def test_what_is_no_event_is_quarantined_with_its_reason(line, why):
    assert reason(line) == why


def padded(size: int) -> bytes:
    """A start that is so many bytes long, since a field that nobody reads is."""
    empty = encode(start("p9") | {"ignored": ""})
    line = empty.replace(b'"ignored": ""', b'"ignored": "' + b"x" * (size - len(empty)) + b'"')
    assert len(line) == size
    return line


def test_a_line_of_32_kb_counts_and_one_byte_more_is_too_large():
    fits, too_long = padded(MAX_LINE_BYTES), padded(MAX_LINE_BYTES + 1)
    for ends in (b"", b"\n", b"\n" + START, b"\n" + START + b"\n"):
        assert decode(fits + ends).rejects == []
        assert decode(too_long + ends).rejects == [(0, Reason.TOO_LARGE)]
        assert decode(START + b"\n" + fits + ends).rejects == []
        assert decode(START + b"\n" + too_long + ends).rejects == [(1, Reason.TOO_LARGE)]


def test_all_lines_of_a_message_over_1_mb_are_too_large():
    lines = [padded(MAX_LINE_BYTES - 1)] * 32
    fits = b"\n".join(lines) + b"\n"
    assert len(fits) == MAX_MESSAGE_BYTES
    assert decode(fits).rejects == []
    assert decode(fits + b"\n").rejects == [(index, Reason.TOO_LARGE) for index in range(32)]


def test_an_empty_payload_holds_no_line():
    for payload in (b"", b"\n", b"\r\n \n\t\n"):
        folded = Folding(RULES)
        assert folded.take(Message(NOON, payload)) == []
        assert (folded.partition.tally.received, folded.partition.next_offset) == (0, 1)


def test_blank_lines_are_no_lines():
    payload = b"\n\n" + START + b"\n \n\r\n{\n\t\n" + START + b"\n\n"
    assert decode(payload).rejects == [(1, Reason.NOT_JSON)]
    assert list(decode(payload).indexes) == [0, 2]


def test_crlf_ends_a_line():
    assert decode(START + b"\r\n" + START + b"\r\n").rejects == []
    assert len(decode(START + b"\r\n" + START + b"\r\n").events) == 2


def test_a_byte_order_mark_makes_its_line_no_json():
    assert decode(b"\xef\xbb\xbf" + START + b"\n" + START).rejects == [(0, Reason.NOT_JSON)]


@pytest.mark.parametrize("between", [b"", b" ", b"\t", b"\r", b","])
def test_two_objects_in_a_line_are_no_json(between):
    assert reason(START + between + START) == Reason.NOT_JSON


def test_json_over_many_lines_is_no_json_line_by_line():
    pretty = json.dumps(start(), indent=1).encode()
    assert {why for _, why in decode(pretty).rejects} <= {Reason.NOT_JSON, Reason.NOT_AN_OBJECT}
    assert len(decode(pretty).rejects) == len(split(pretty))


TWO_LINES = START.replace(b", ", b",\n", 1)
ARRAY_OVER_LINES = (
    START[:-1] + b', "experiments": [\n{"id": "x", "variant": "a"},\n{"id": "y", "variant": "a"}]}'
)


@pytest.mark.parametrize(
    "payload",
    [
        b"\n" + START + START,
        START + START + b"\n \n",
        START + START + b"\n" + TWO_LINES,
        TWO_LINES + b"\n" + START + START,
        START + START + START + b"\n" + ARRAY_OVER_LINES,
        START + b"\n" + START + START + b"\n\n",
    ],
)
def test_as_many_objects_as_newlines_are_not_one_a_line(payload):
    """Two objects in one line and none in another passed as one each.

    Their indexes were not those of lines: quarantining one looked up a line that the message has not, and
    the worker stopped for good at that message.
    """
    found = decode(payload)
    verdicts = dict(found.rejects) | dict(zip(found.indexes, found.events, strict=True))
    assert [verdicts.get(index) for index in range(len(verdicts))] == [judge(line) for line in split(payload)]


def test_a_preview_that_began_with_a_play_does_not_take_its_sitting_along():
    """A preview that began when a play of the same series did was packed; the play's sitting went with it.

    The next heartbeat of the play found no sitting, and the worker stopped.
    """
    both = [start("p1"), start("p2", reason="preview"), heartbeat("p1", 25 * MINUTE, position=5)]
    folded = folding([*both, start("p3", 40 * MINUTE, series_id="t")])
    folded.sweep()
    folded.take(message([heartbeat("p1", 41 * MINUTE, position=9, played=10)]))
    found = view(folded.finish())["sittings"]
    assert found[NOON_S, "s", "ios", "US"]["sittings"] == 1
    assert found[NOON_S, "s", "ios", "US"]["played_ms"] == 10
