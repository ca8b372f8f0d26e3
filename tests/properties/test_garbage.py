"""Law: no bytes stop the stream; what cannot be read is set aside line by line, and its neighbours count."""

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.decode import MAX_MESSAGE_BYTES, decode, judge, split
from tests.properties.folding import Folding
from tests.properties.worlds import MIDNIGHT, PATIENT, Message, encode, events, grid

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_EVENTS = events(grid())


@st.composite
def _broken(draw):
    """An event with a few of its bytes replaced, cut off or doubled."""
    line = bytearray(encode(draw(_EVENTS)))
    at = draw(st.integers(0, len(line)))
    upto = min(len(line), at + draw(st.integers(0, 3)))
    line[at:upto] = draw(st.binary(max_size=4))
    return bytes(line)


@st.composite
def _with_any_field(draw):
    """An event one of whose fields holds anything."""
    event = draw(_EVENTS)
    return json.dumps(event | {draw(st.sampled_from(sorted(event))): draw(_JSON)}).encode()


_LINES = st.binary(max_size=60) | _broken() | _with_any_field() | st.builds(encode, _EVENTS)


@given(lines=st.lists(_LINES, max_size=6), newline=st.sampled_from([b"\n", b"\r\n", b"\n\n"]))
def test_a_message_is_what_its_lines_are(lines, newline):
    payload = newline.join(lines)
    verdicts = [judge(line) for line in split(payload)]
    events_, indexes, rejects = decode(payload)
    assert len(payload) <= MAX_MESSAGE_BYTES
    found = dict(rejects) | dict(zip(indexes, events_, strict=True))
    assert [found[index] for index in range(len(verdicts))] == verdicts


@given(payload=st.binary(max_size=300))
def test_no_bytes_raise_and_none_vanish(payload):
    folding = Folding(PATIENT)
    folding.take(Message(MIDNIGHT, payload))
    folding.sweep()
    assert folding.partition.tally.received == len(split(payload))


@given(garbage=st.lists(_broken() | st.binary(max_size=30), max_size=4), event=_EVENTS)
def test_the_neighbours_of_garbage_count(garbage, event):
    alone, among = Folding(PATIENT), Folding(PATIENT)
    alone.take(Message(event["received_at"], encode(event)))
    among.take(Message(event["received_at"], b"\n".join([*garbage, encode(event), *garbage])))
    assert among.partition.tally.applied >= alone.partition.tally.applied
    assert among.partition.tally.excluded >= alone.partition.tally.excluded
