"""Bytes that are no event, and those that nearly are none: what becomes of the line and of its neighbours."""

import json

import pytest

from schemas.fields import MAX_LINE_BYTES, MAX_MESSAGE_BYTES, MAX_OVERSIZE_LINES
from schemas.reasons import Reason
from streams.decode import decode, judge, split
from tests.properties.folding import Folding
from tests.properties.worlds import Message
from tests.unit.oracle.events import NOON, start
from tests.unit.streams.folded import RULES, encode
from tests.unit.streams.refusals import START, reason, with_field


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


def test_a_message_over_1_mb_of_very_many_lines_is_one_line():
    """Five million lines of 2 bytes are 10 MB; they were 1.2 GB in a worker, and as many rows."""
    few = b"0123456789\n" * MAX_OVERSIZE_LINES
    assert [len(split(few)), len(split(few + b"\n"))] == [MAX_OVERSIZE_LINES, 1]
    assert decode(few + b"\n").rejects == [(0, Reason.TOO_LARGE)]
    assert decode(b"\n" * (MAX_MESSAGE_BYTES + 1)).rejects == []
    within = b"1\n" * (MAX_MESSAGE_BYTES // 2)
    assert len(decode(within).rejects) == MAX_MESSAGE_BYTES // 2


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
