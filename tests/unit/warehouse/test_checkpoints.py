from dataclasses import replace

from tests.contracts.warehouse import a_checkpoint


def test_a_checkpoint_verifies_until_a_bit_of_its_state_flips():
    checkpoint = a_checkpoint(state=b"\x00\x01")
    assert checkpoint.verifies
    assert not replace(checkpoint, state=b"\x00\x03").verifies


def test_lines_without_an_outcome_are_unaccounted():
    assert a_checkpoint().unaccounted == 0
    assert a_checkpoint(received=12).unaccounted == 2
