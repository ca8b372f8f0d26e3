"""Law: a state that was packed and read back in mid-stream goes on as if nothing had happened."""

from hypothesis import given
from hypothesis import strategies as st

from streams.checkpoint import compress, decode, encode
from streams.count import count_all
from tests.properties.folding import Folding, fold, view
from tests.properties.state import everything
from tests.properties.worlds import IMPATIENT, histories


def restart(folding: Folding) -> None:
    """Write everything, pack the state, and go on from what was packed."""
    folding.finish()
    folding.partition = decode(compress(list(encode(folding.partition))), folding.partition.rules)


@given(messages=histories(forget=True), data=st.data())
def test_a_restart_from_a_checkpoint_changes_no_row_and_no_state(messages, data):
    restarted, straight = Folding(IMPATIENT), fold(messages, IMPATIENT)
    for message in messages:
        restarted.take(message)
        if data.draw(st.booleans()):
            restart(restarted)
    restarted.finish()
    assert view(restarted) == view(straight)
    assert restarted.generations() == straight.generations()
    assert everything(restarted.partition) == everything(straight.partition)


@given(messages=histories(forget=True), data=st.data())
def test_a_checkpoint_after_a_sweep_holds_what_is_in_memory(messages, data):
    folding = Folding(IMPATIENT)
    for message in messages:
        folding.take(message)
        if data.draw(st.booleans()):
            folding.sweep()
        else:
            count_all(folding.partition)
    before = everything(folding.finish().partition)
    restart(folding)
    assert everything(folding.partition) == before
