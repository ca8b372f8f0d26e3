"""A body is cut into lines as the workers count them; what cannot be cut is refused and costs little."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.collector.answers import Refused
from producers.collector.lines import refuse_content_type, split

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def refusal(body, limit=500):
    with pytest.raises(Refused) as refused:
        split(body, limit)
    return refused.value.status, refused.value.code


@given(events=st.lists(values, min_size=1, max_size=10))
def test_an_array_and_lines_hold_the_same_events(events):
    lines = split(json.dumps(events, indent=1).encode(), 500)
    assert [json.loads(line) for line in lines] == events
    body = b"\r\n\r\n".join(json.dumps({"e": event}).encode() for event in events)
    assert [json.loads(line)["e"] for line in split(body, 500)] == events


def test_blank_lines_are_none():
    assert split(b'\n \n{"a":1}\n\n\t\r\n{"b":2}\n', 2) == [b'{"a":1}', b'{"b":2}']


def test_one_event_over_several_lines_is_one():
    event = {"event_type": "pause", "experiments": [{"id": "x", "variant": "a"}]}
    (line,) = split(json.dumps(event, indent=2).encode(), 500)
    assert json.loads(line) == event


@pytest.mark.parametrize("body", [b"", b"\n\n", b"  ", b"[]", b" [ ] "])
def test_nothing_is_refused(body):
    assert refusal(body) == (400, "no_events")


@pytest.mark.parametrize(
    "body",
    [
        b"[", b"[1,]", b"[NaN]", b'["\xff"]', b"[1]]", b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
        b'[{"a":1}\n{"b":2}]', b"[1 2]", b'["a\0"]',
    ],
)  # fmt: skip
def test_an_array_that_is_not_json_is_refused(body):
    assert refusal(body) == (400, "not_json")


def test_a_bad_first_line_does_not_make_an_array_of_what_is_said_to_be_lines():
    body = b'[{"event_type":\n{"a":1}'
    assert split(body, 2, "application/x-ndjson; charset=utf-8") == [b'[{"event_type":', b'{"a":1}']
    assert split(b"[1]\n[2]", 2, "application/ndjson") == [b"[1]", b"[2]"]


def test_lines_that_are_not_json_are_cut_all_the_same():
    assert split(b"NaN\n{]\n" + b"{" * 100_000, 3) == [b"NaN", b"{]", b"{" * 100_000]


@pytest.mark.parametrize("body", [b"[1,2,3]", b"1\n2\n3"])
def test_the_limit_of_events_is_inside(body):
    assert len(split(body, 3)) == 3
    assert refusal(body, 2) == (413, "too_many_events")


@pytest.mark.parametrize("body", [b"[" + b"1," * 500_000 + b"1]", b"1\n" * 500_000, b"1" + b"\n" * 999_999])
def test_a_million_tiny_values_cost_little(body):
    began = time.process_time()
    assert refusal(body) == (413, "too_many_events")
    assert time.process_time() - began < 0.020


@pytest.mark.parametrize(
    "said", ["application/json", "application/json; charset=utf-8", "APPLICATION/X-NDJSON", "text/plain", ""]
)
def test_json_and_what_a_page_may_send_unasked_are_taken(said):
    refuse_content_type(said)


@pytest.mark.parametrize(
    "said", ["text/html", "application/x-www-form-urlencoded", "json", "application/xml"]
)
def test_other_content_types_are_refused(said):
    with pytest.raises(Refused, match="unsupported_media_type"):
        refuse_content_type(said)
