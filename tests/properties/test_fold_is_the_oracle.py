"""Law: folding a stream message by message gives the tables that the definitions give of all its events."""

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.oracle import Rules, diff, tables
from tests.properties.folding import fold, view
from tests.properties.worlds import PATIENT, packed, worlds


@given(lines=worlds(), data=st.data())
def test_the_fold_is_the_oracle(lines, data):
    folded = fold(data.draw(packed(lines)), PATIENT)
    assert folded.rejects == []
    assert diff(tables(lines, rules=Rules(experiment="x")), view(folded)) == []
