"""Law: every line received is applied, redundant, excluded or quarantined; a copy is never applied."""

from hypothesis import given
from hypothesis import strategies as st

from streams.decode import split
from tests.properties.folding import Folding, fold, view
from tests.properties.worlds import IMPATIENT, histories


@given(messages=histories(forget=True))
def test_every_line_is_accounted_for_after_every_message(messages):
    folding = Folding(IMPATIENT)
    received = quarantined = latest = 0
    for message in messages:
        quarantined += len(folding.take(message))
        received += len(split(message.payload))
        tally = folding.partition.tally
        assert tally.missing == 0
        assert (tally.received, tally.quarantined) == (received, quarantined)
        latest = max(latest, message.timestamp_ms + IMPATIENT.clock_ahead_ms)
        assert folding.partition.watermark <= latest


@given(messages=histories(), data=st.data())
def test_a_message_that_comes_again_changes_no_row(messages, data):
    repeated = Folding(IMPATIENT)
    for at, message in enumerate(messages):
        repeated.take(message)
        before = repeated.partition.tally.applied
        repeated.take(messages[data.draw(st.integers(0, at))])
        assert repeated.partition.tally.applied == before
    assert view(repeated.finish()) == view(fold(messages, IMPATIENT))
