"""Law: a deletion takes the viewer out of the state and no count out of a row; what is older stays out."""

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.checkpoint import DELETED_A_SLICE, compress, decode, encode
from streams.decode import split
from tests.oracle.lives import lives
from tests.oracle.oracle import Rules, diff, tables
from tests.properties.folding import Folding, fold, view
from tests.properties.worlds import (
    DAY,
    IMPATIENT,
    PATIENT,
    deletions,
    events,
    grid,
    histories,
    message,
    packed,
)

_LINES = st.lists(events(grid()) | deletions(grid()), max_size=30)
_NAMES = (
    "playback_id", "paywall_impression_id", "order_id", "transaction_id", "ad_session_id", "unlock_id",
)  # fmt: skip


def forgetting(viewer_id, at, number=900):
    return {
        "schema_version": 1,
        "event_id": f"{number:08x}-0000-4000-8000-000000000000",
        "event_type": "viewer_deletion",
        "viewer_id": viewer_id,
        "occurred_at": at,
        "sent_at": at,
        "received_at": at,
        "requested_at": at,
    }


def bytes_of(partition):
    """All bytes that a checkpoint of a partition holds, unpacked, but those that say who was forgotten."""
    header, forgotten, *rest = encode(partition)
    del forgotten
    return header + b"".join(rest)


@given(lines=_LINES, data=st.data())
def test_who_goes_on_after_a_deletion_is_somebody_else(lines, data):
    """The fold of any log is what the definitions make of its lives."""
    folded = fold(data.draw(packed(lines)), PATIENT)
    assert folded.rejects == []
    assert diff(tables(lives(lines), rules=Rules(experiment="x")), view(folded)) == []


@given(messages=histories(), data=st.data())
def test_a_deletion_changes_no_row(messages, data):
    """Not a value, not a generation, whenever somebody counted before it."""
    straight, forgotten = fold(messages, IMPATIENT), Folding(IMPATIENT)
    for each in messages:
        forgotten.take(each)
        if data.draw(st.booleans()):
            forgotten.sweep()
    forgotten.take(message([forgetting("v", forgotten.partition.watermark)]))
    assert forgotten.finish().generations() == straight.generations()


@given(messages=histories())
def test_nothing_of_the_viewer_is_left_in_the_state(messages):
    folding = fold(messages, IMPATIENT)
    lines = [json.loads(line) for each in messages for line in split(each.payload)]
    ids = {line[name] for line in lines for name in _NAMES if line.get(name)}
    at = folding.partition.watermark
    folding.take(message([forgetting("v", at)]))
    folding.finish()
    assert folding.partition.viewers == {}
    assert folding.partition.deleted == {"v": at}
    held = bytes_of(folding.partition)
    assert not [text for text in {*ids, "v"} if msgpack(text) in held]
    # and when nothing so old can be on time any more, not even the request
    folding.take(message([forgetting("somebody else", at + DAY)]))
    assert msgpack("v") not in b"".join(encode(folding.partition))


def msgpack(text):
    """An id as a checkpoint would hold it: short texts are a length and the text."""
    return bytes([0xA0 | len(text)]) + text.encode()


@given(messages=histories(), data=st.data())
def test_what_comes_again_after_a_deletion_is_filtered(messages, data):
    folding = fold(messages, IMPATIENT)
    at = folding.partition.watermark
    folding.take(message([forgetting("v", at)]))
    rows, applied = folding.finish().generations(), folding.partition.tally.applied
    for each in data.draw(st.permutations([*messages, message([forgetting("v", at)])])):
        assert {reject.reason for reject in folding.take(each)} <= {"clock_unusable"}
    assert folding.finish().generations() == rows
    assert folding.partition.tally.applied == applied
    assert folding.partition.viewers == {}


def test_very_many_who_were_forgotten_come_back_from_a_checkpoint():
    folding = Folding(IMPATIENT)
    forgotten = {f"viewer {number}": number for number in range(2 * DELETED_A_SLICE + 1)}
    folding.partition.deleted.update(forgotten)
    chunks = list(encode(folding.partition))
    assert len(chunks) == 2 * 4  # each with its length
    assert decode(compress(chunks), IMPATIENT).deleted == forgotten


@given(messages=histories(forget=True), data=st.data())
def test_a_restart_around_a_deletion_changes_nothing(messages, data):
    straight, restarted = fold(messages, IMPATIENT), Folding(IMPATIENT)
    for each in messages:
        restarted.take(each)
        if data.draw(st.booleans()):
            restarted.finish()
            met, deleted = restarted.partition.deletions, restarted.partition.deleted
            restarted.partition = decode(compress(list(encode(restarted.partition))), IMPATIENT)
            assert restarted.partition.deleted == deleted
            restarted.partition.deletions = met
    assert restarted.finish().generations() == straight.generations()
    assert restarted.partition.deleted == straight.partition.deleted
    assert restarted.partition.deletions == straight.partition.deletions
    assert restarted.partition.tally == straight.partition.tally
