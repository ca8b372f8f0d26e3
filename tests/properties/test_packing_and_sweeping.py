"""Law: packing what is silent and dropping what is gone changes no row, however long the silence was."""

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.oracle import diff
from tests.properties.folding import Folding, fold, view
from tests.properties.worlds import IMPATIENT, PATIENT, histories, packed, worlds


def fold_and_sweep(messages, rules, data):
    folding = Folding(rules)
    for message in messages:
        folding.take(message)
        if data.draw(st.booleans()):
            folding.sweep()
    return folding.finish()


@given(lines=worlds(), data=st.data())
def test_packing_changes_no_row(lines, data):
    messages = data.draw(packed(lines))
    assert diff(view(fold(messages, PATIENT)), view(fold_and_sweep(messages, PATIENT, data))) == []


@given(messages=histories(forget=True), data=st.data())
def test_what_is_gone_changes_no_row_by_going(messages, data):
    never, swept = fold(messages, IMPATIENT), fold_and_sweep(messages, IMPATIENT, data)
    assert diff(view(never), view(swept)) == []
    assert swept.generations() == never.generations()
    assert swept.partition.tally == never.partition.tally
