"""A new logic epoch goes on from the state of an older one."""

from dataclasses import replace

import pytest

from runtime.errors import CheckpointError, EpochError
from schemas.rules import FoldRules
from schemas.tables import EPISODE_MINUTES
from streams import checkpoint as codec
from streams.cold import sweep
from streams.count import count_all
from streams.partition import Partition
from streams.takeover import OLDER_FORMATS, read_older, rules_of, take_over
from tests.contracts.warehouse import a_checkpoint
from tests.model.test_found_here import fold, heartbeat, start
from tests.model.world import HOUR, IMPATIENT, MIDNIGHT, MINUTE
from warehouse.checkpoints import sha256_hex

OLD = FoldRules()
STRICT = replace(OLD, valid_play_ms=40_000)
VALID = EPISODE_MINUTES.counters.index("valid_plays")


def packed(state):
    return codec.compress(list(codec.encode(state)))


def checkpoint_of(state, rules, **values):
    content = packed(state)
    return a_checkpoint(
        state.next_offset,
        state=content,
        state_sha256=sha256_hex(content),
        rules_digest=rules.digest(),
        rules=rules.as_json(),
        **values,
    )


@pytest.fixture
def played():
    """A state in which one play of 10 s of 100 s counts as valid."""
    state = Partition(OLD)
    fold(state, start(0) | {"duration_ms": 100_000})
    fold(state, heartbeat(20_000, position_ms=20_000, played_ms=10_000))
    count_all(state)
    return state


def episode_values(state):
    return [row.values for row in state.book.episodes.open.values()]


def test_what_a_state_holds_counts_by_the_new_rules(played):
    assert episode_values(played)[0][VALID] == 1
    state = codec.decode(packed(played), OLD)
    take_over(state, STRICT)
    assert episode_values(state)[0][VALID] == 0
    assert state.rules == STRICT


def test_a_play_that_is_packed_counts_by_the_new_rules_too(played):
    """A cold play has no credit in the state: it is worked out, and by the old rules."""
    fold(played, heartbeat(2 * HOUR, playback_id="p9"))
    count_all(played)
    sweep(played, list(played.viewers))
    assert played.viewers["v"].cold
    state = codec.decode(packed(played), OLD)
    take_over(state, STRICT)
    assert [values[VALID] for values in episode_values(state)] == [-1]


def test_what_is_gone_by_the_old_rules_stays_gone_whether_or_not_somebody_has_swept_it():
    """Longer generations put the horizon back: a play that was gone was there again, if not swept."""
    longer = replace(IMPATIENT, generation_ms=20 * MINUTE)
    counted = []
    for swept in (False, True):
        state = Partition(IMPATIENT)
        fold(state, start(0), heartbeat(33 * MINUTE, playback_id="p9"))
        count_all(state)
        if swept:
            sweep(state, list(state.viewers))
        state = codec.decode(packed(state), IMPATIENT)
        take_over(state, longer)
        fold(state, heartbeat(14 * MINUTE, came=33 * MINUTE))
        count_all(state)
        counted.append(sorted(map(repr, episode_values(state))))
    assert counted[0] == counted[1]


def test_every_open_row_is_written_even_if_nothing_about_it_changes(played):
    state = codec.decode(packed(played), OLD)
    take_over(state, OLD)
    written = {rows.table.name: len(rows.take_dirty()) for rows in state.book.tables.values()}
    assert written == {"episode_minutes": 1, "exit_curves": 1, "sittings": 1, "paywall_minutes": 0,
                       "unlock_minutes": 0, "viewer_days": 1}  # fmt: skip


def test_the_generation_that_is_open_stays_open(played):
    fold(played, heartbeat(6 * MINUTE))
    count_all(played)
    state = codec.decode(packed(played), OLD)
    take_over(state, replace(OLD, generation_ms=MINUTE))
    assert state.book.generation == 2
    assert state.slot_end == MIDNIGHT + 7 * MINUTE


def test_a_checkpoint_says_its_rules(played):
    checkpoint = checkpoint_of(played, STRICT)
    assert rules_of(checkpoint, OLD) == STRICT
    assert rules_of(replace(checkpoint, rules=""), STRICT) == STRICT
    assert rules_of(replace(checkpoint, rules="", rules_digest=OLD.digest()), STRICT) == OLD
    with pytest.raises(EpochError, match="nobody knows the rules"):
        rules_of(replace(checkpoint, rules=""), OLD)


def test_a_state_of_an_older_format_is_read_by_its_reader(played, monkeypatch):
    checkpoint = checkpoint_of(played, OLD, state_format=0)
    with pytest.raises(CheckpointError, match="format 0, unknown here"):
        read_older(checkpoint, OLD)
    monkeypatch.setitem(OLDER_FORMATS, 0, codec.decode)
    assert read_older(checkpoint, OLD).next_offset == 2


def test_a_damaged_state_is_no_state(played):
    with pytest.raises(CheckpointError, match="is damaged"):
        read_older(replace(checkpoint_of(played, OLD), state=b"x"), OLD)
