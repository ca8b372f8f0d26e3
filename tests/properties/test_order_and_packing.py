"""Law: in which order lines come, how often, in which messages and on how many partitions changes no row."""

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.decode import split
from tests.oracle.oracle import diff
from tests.properties.folding import fold, view
from tests.properties.worlds import IMPATIENT, PATIENT, histories, packed, worlds


@given(lines=worlds(), data=st.data())
def test_any_order_and_any_packing_give_the_same_rows(lines, data):
    shuffled = data.draw(st.permutations(lines))
    assert view(fold(data.draw(packed(shuffled)), PATIENT)) == view(fold(data.draw(packed(lines)), PATIENT))


@given(lines=worlds(), data=st.data())
def test_copies_change_no_row(lines, data):
    again = data.draw(st.lists(st.sampled_from(lines), max_size=10)) if lines else []
    once = fold(data.draw(packed(lines)), PATIENT)
    twice = fold(data.draw(packed(lines + again)), PATIENT)
    assert view(twice) == view(once)
    assert twice.partition.tally.applied == once.partition.tally.applied


@given(lines=worlds(), data=st.data())
def test_rows_add_up_over_partitions(lines, data):
    viewers = (("v",), ("w",))
    apart = [
        fold(data.draw(packed([line for line in lines if line["viewer_id"] in of_partition])), PATIENT)
        for of_partition in viewers
    ]
    assert view(*apart) == view(fold(data.draw(packed(lines)), PATIENT))


@given(messages=histories(forget=True), data=st.data())
def test_the_same_lines_in_other_messages_give_the_same_rows_and_rejects(messages, data):
    """Each line is judged at the watermark that it raises, so where a message ends decides nothing."""
    lines = [json.loads(line) for message in messages for line in split(message.payload)]
    repacked = fold(data.draw(packed(lines)), IMPATIENT)
    straight = fold(messages, IMPATIENT)
    assert diff(view(repacked), view(straight)) == []
    assert repacked.partition.tally == straight.partition.tally
    assert repacked.partition.watermark == straight.partition.watermark
