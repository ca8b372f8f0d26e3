"""Which offset comes next, and what a hole in the log does."""

from hashlib import sha256

import pytest

from runtime.clock import SystemClock
from runtime.cutting import read_cut
from runtime.sealing import Seal
from runtime.settings import WorkerSettings
from schemas.fields import MAX_OVERSIZE_LINES
from schemas.reasons import Reason
from schemas.rules import FoldRules
from schemas.topics import MAX_KEPT_LINE_BYTES, MAX_SEALED_MESSAGE_BYTES
from streams.checkpointing import Checkpointer
from streams.owned import Owned
from streams.partition import Partition

SEAL = Seal((b"k" * 32,))


@pytest.fixture
def owned():
    state = Partition(FoldRules())
    state.next_offset = 10
    return Owned(3, state, fresh=False, now_s=0)


def test_the_next_offset_is_accepted_and_what_was_folded_is_not(owned):
    assert owned.accepts(10)
    assert not owned.accepts(9)
    assert not owned.must_seek


def test_an_offset_past_the_next_one_is_a_hole_that_is_read_again(owned):
    assert not owned.accepts(12)
    assert owned.must_seek


def test_nothing_past_a_hole_is_accepted_until_the_log_was_read_again(owned):
    owned.accepts(12)
    assert not owned.accepts(12)
    assert not owned.accepts(13)


def test_what_was_missing_closes_the_hole(owned):
    owned.accepts(12)
    owned.must_seek = False
    assert not owned.accepts(13)
    assert owned.accepts(10)
    assert owned.hole is None


def test_an_offset_that_comes_first_again_has_nothing_before_it(owned):
    owned.accepts(12)
    owned.must_seek = False
    assert owned.accepts(12)


def test_what_comes_before_a_hole_when_the_log_is_read_again_is_not_lost(owned):
    """10 is no message, and the first that came was not the first that is there."""
    owned.accepts(14)
    owned.must_seek = False
    assert not owned.accepts(11), "it comes first, but for the first time"
    assert owned.must_seek
    assert not any(owned.accepts(offset) for offset in (12, 13, 14))
    owned.must_seek = False
    assert not any(owned.accepts(offset) for offset in (12, 13, 14)), "they were under way"
    assert owned.accepts(11)
    assert owned.hole is None


def test_the_due_offset_is_accepted_while_the_log_is_to_be_read_again(owned):
    owned.accepts(12)
    assert owned.accepts(10)
    assert not owned.must_seek


def test_a_bad_line_keeps_its_place_and_its_bytes(owned):
    owned.fold(10, 1_700_000_000_000, b'\n{"no":1}\n[]\n')
    lines = owned.take_lines(source_epoch=2)
    assert [(x.source_epoch, x.partition, x.offset, x.line_index, x.line) for x in lines] == [
        (2, 3, 10, 0, b'{"no":1}'),
        (2, 3, 10, 1, b"[]"),
    ]
    assert owned.take_lines(source_epoch=2) == []


@pytest.mark.parametrize(("lost", "said"), [(0, False), (1, True)])
def test_a_line_without_an_outcome_is_said_with_its_partition(owned, caplog, lost, said):
    owned.state.tally.received = lost
    Checkpointer(WorkerSettings(), FoldRules(), SystemClock()).facts(owned)
    assert ("partition 3: 1 lines have no outcome" in caplog.text) == said


def test_a_bad_line_is_sealed_when_there_is_a_key_and_to_the_same_bytes_after_a_restart(owned):
    payload = b'{"no":1}\n[]'
    owned.fold(10, 1_700_000_000_000, payload)
    kept = owned.take_lines(2, SEAL)
    assert [SEAL.open(line.line)[:2] for line in kept] == [
        (b'{"no":1}', Reason.MISSING_FIELD),
        (b"[]", Reason.NOT_AN_OBJECT),
    ]
    owned.state.next_offset = 10
    owned.fold(10, 1_700_000_000_000, payload)
    assert owned.take_lines(2, SEAL) == kept


@pytest.mark.parametrize("seal", [None, SEAL])
def test_a_line_that_is_too_long_to_be_kept_is_cut_when_it_is_folded(owned, seal):
    """It was kept whole, no producer could send it to the quarantine topic, and every worker ended."""
    longest, longer = b"x" * MAX_KEPT_LINE_BYTES, b"y" * (MAX_KEPT_LINE_BYTES + 1)
    owned.fold(10, 1_700_000_000_000, longest + b"\n" + longer)
    assert max(len(line) for *_, line, _ in owned.lines) == MAX_KEPT_LINE_BYTES
    whole, cut = owned.take_lines(2, seal)
    assert (whole.reason, cut.reason, owned.state.tally.quarantined) == (
        Reason.TOO_LARGE,
        Reason.TOO_LARGE,
        2,
    )
    assert max(len(whole.line), len(cut.line)) < MAX_SEALED_MESSAGE_BYTES - 1024
    lines = [line.line if seal is None else seal.open(line.line).line for line in (whole, cut)]
    assert lines[0] == longest
    assert read_cut(lines[1]).sha256 == sha256(longer).hexdigest()


def test_a_message_of_too_many_lines_is_one_line_that_is_cut(owned):
    payload = b"0123456789\n" * (MAX_OVERSIZE_LINES + 1)
    owned.fold(10, 1_700_000_000_000, payload)
    (kept,) = owned.take_lines(2)
    assert (kept.line_index, read_cut(kept.line).bytes) == (0, len(payload))
    assert (owned.state.tally.received, owned.state.tally.quarantined) == (1, 1)


def test_what_the_collector_sealed_is_not_sealed_again(owned):
    by_collector = Seal((b"c" * 32,), "collector").line(b"what a phone sent", Reason.NOT_ALLOWED)
    owned.fold(10, 1_700_000_000_000, by_collector)
    (kept,) = owned.take_lines(2, SEAL)
    assert (kept.line, kept.reason) == (by_collector, Reason.NOT_ALLOWED)
