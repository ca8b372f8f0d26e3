"""Law: in which order lines come, how often, in which messages and on how many partitions changes no row."""

from hypothesis import given
from hypothesis import strategies as st

from streams.decode import split
from tests.properties.folding import fold, view
from tests.properties.worlds import IMPATIENT, PATIENT, Message, histories, packed, worlds


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


@given(messages=histories())
def test_the_order_of_lines_within_a_message_changes_no_row(messages):
    reversed_lines = [Message(m.timestamp_ms, b"\n".join(split(m.payload)[::-1])) for m in messages]
    assert view(fold(reversed_lines, IMPATIENT)) == view(fold(messages, IMPATIENT))
