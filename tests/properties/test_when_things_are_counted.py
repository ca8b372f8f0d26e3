"""Law: when what is counted and written changes no row and no state."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.folding import Folding, fold, view
from tests.properties.state import everything
from tests.properties.worlds import IMPATIENT, PATIENT, Message, histories, packed, worlds

_ACTIONS = st.lists(st.sampled_from(["all", "minutes", "playback", "paywall", "days", "write"]), max_size=3)


def fold_with_pauses(messages: list[Message], rules: Any, data: st.DataObject) -> Folding:
    """Fold; after any message count some of what was touched, or write what was counted."""
    folding = Folding(rules)
    for message in messages:
        folding.take(message)
        for action in data.draw(_ACTIONS):
            if action == "write":
                folding.write()
            else:
                folding.count(action)
    return folding.finish()


@given(lines=worlds(), data=st.data())
def test_a_pause_changes_no_row(lines, data):
    messages = data.draw(packed(lines))
    assert view(fold_with_pauses(messages, PATIENT, data)) == view(fold(messages, PATIENT))


@given(messages=histories(forget=True), data=st.data())
def test_a_pause_changes_no_generation_and_no_state(messages, data):
    paused, straight = fold_with_pauses(messages, IMPATIENT, data), fold(messages, IMPATIENT)
    assert paused.generations() == straight.generations()
    assert everything(paused.partition) == everything(straight.partition)
