"""Cutting: a short line stays as it is; of a long one its beginning is left, its length and its SHA-256."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from runtime.cutting import BEGINNING_BYTES, as_kept, read_cut
from schemas.reasons import Reason
from schemas.topics import MAX_KEPT_LINE_BYTES
from streams.decode import judge

LONG = b'{"viewer_id":"v",' + b"x" * MAX_KEPT_LINE_BYTES


@given(line=st.binary())
def test_a_line_that_is_not_too_long_is_kept_byte_for_byte(line):
    assert as_kept(line.replace(b"\n", b"")) == line.replace(b"\n", b"")


def test_the_longest_line_is_kept_and_one_byte_more_is_cut():
    assert as_kept(LONG[:MAX_KEPT_LINE_BYTES]) == LONG[:MAX_KEPT_LINE_BYTES]
    assert read_cut(as_kept(LONG[: MAX_KEPT_LINE_BYTES + 1])) is not None


def test_what_is_left_says_how_it_began_how_long_it_was_and_what_it_was():
    left = read_cut(as_kept(LONG))
    assert (left.bytes, left.sha256) == (len(LONG), sha256(LONG).hexdigest())
    assert left.began == LONG[:BEGINNING_BYTES].decode()
    assert as_kept(LONG) == as_kept(bytes(bytearray(LONG)))


@given(beginning=st.binary(max_size=2 * BEGINNING_BYTES))
def test_what_is_left_is_one_short_line_of_json_that_is_no_event_and_is_not_cut_again(beginning):
    left = as_kept(beginning + b"\n")
    assert (b"\n" in left, judge(left)) == (False, Reason.UNKNOWN_EVENT_TYPE)
    assert len(left) < 8 * BEGINNING_BYTES
    assert as_kept(left) == left


def test_other_lines_were_not_cut():
    for line in (b"", b"\xff", b"[]", b'{"event_type":"cut"}', b'{"event_type":"sealed","schema_version":1}'):
        assert read_cut(line) is None
