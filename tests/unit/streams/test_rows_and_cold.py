"""Rows by generation, and ids and plays as bytes."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import FoldRules
from schemas.tables import EXIT_CURVES, UNLOCK_MINUTES
from streams.cold import pack_id, pack_plays, unpack_id, unpack_plays
from streams.partition import Partition
from streams.rows import RowBook, TableRows, as_tuple
from streams.state import Place, Play
from tests.unit.oracle.events import MINUTE, start
from tests.unit.streams.folded import RULES, Folding, message

KEY = (60, "s", 1, "coins", "ios", "US")


def test_a_row_that_changed_is_handed_out_once_until_it_changes_again():
    rows = TableRows(UNLOCK_MINUTES)
    rows.change(KEY).values[0] += 1
    rows.change(KEY).values[0] += 1
    assert [row.values[0] for row in rows.take_dirty()] == [2]
    assert rows.take_dirty() == []
    rows.change(KEY).values[0] += 1
    assert [row.values[0] for row in rows.take_dirty()] == [3]


def test_a_new_generation_leaves_the_rows_behind_and_still_hands_them_out():
    book = RowBook()
    rows = book.tables["unlock_minutes"]
    rows.change(KEY).values[0] += 1
    book.open_generation(7)
    assert list(book.open_rows()) == []
    rows.change(KEY).values[0] += 5
    assert [(row.generation, row.values[0]) for row in rows.take_dirty()] == [(0, 1), (7, 5)]


def test_a_bin_that_is_empty_is_no_bin():
    row = TableRows(EXIT_CURVES).change((0, "s", 1, "ios"))
    row.move(0, None, 3)
    row.move(0, 3, 4)
    assert row.bins == [{4: 1}]
    row.move(0, 9, None)
    assert row.bins == [{4: 1, 9: -1}]
    row.move(0, 4, None)
    row.move(0, None, 9)
    assert row.bins == [{}]


def test_a_row_is_written_with_its_lineage_and_the_longest_prefix_wins():
    rows = TableRows(UNLOCK_MINUTES)
    row = rows.change(KEY)
    written = as_tuple(row, source_epoch=2, partition=3, logic_epoch=4, next_offset=5)
    assert written == (*KEY, 2, 3, 0, (4 << 48) + 5, 0, 0, 0, 0)
    assert len(written) == len(UNLOCK_MINUTES.columns)


def test_a_generation_is_named_by_the_offset_that_opened_it():
    folding = Folding(RULES)
    for at, generation in ((0, 0), (5 * MINUTE - 1, 0), (5 * MINUTE, 2), (5 * MINUTE, 2), (17 * MINUTE, 4)):
        folding.take(message([start(f"p{at}", at)]))
        assert folding.partition.book.generation == generation


def test_a_message_that_enters_several_slots_opens_one_generation():
    folding = Folding(RULES)
    folding.take(message([start()]))
    folding.take(message([start(f"p{n}", n * 6 * MINUTE) for n in range(1, 4)]))
    assert {generation for _, _, generation in folding.finish().written} == {0, 1}


UUIDS = st.uuids().map(str)
TEXTS = st.text(min_size=1, max_size=40) | UUIDS | UUIDS.map(str.upper) | st.just("{" + "0" * 34 + "}")


@given(text=TEXTS)
def test_any_id_comes_back_as_it_was(text):
    assert unpack_id(pack_id(text)) == text


def test_a_uuid_is_16_bytes_and_only_in_small_letters():
    text = str(uuid.UUID(int=255))
    assert len(pack_id(text)) == 16
    assert isinstance(pack_id(text), bytes)
    assert pack_id(text.upper()) == text.upper()
    assert pack_id(text.replace("-", "0")) == text.replace("-", "0")


@pytest.mark.parametrize("reason", ["tap", "preview", "auto_next"])
def test_a_play_comes_back_as_it_was(reason):
    known = Play(
        "p", last_at=9, place=Place("s", 1, 2, "ios", "US", 60_000), started_at=5,
        event_id=str(uuid.UUID(int=1)),
        start_reason=reason, start_position_ms=1, position_ms=2, played_ms=3, watched_ms=-1, continued=12,
    )  # fmt: skip
    (back,) = unpack_plays(pack_plays([known]), Partition(FoldRules()))
    for name in known.__struct_fields__:
        if name != "credit":
            assert getattr(back, name) == getattr(known, name), name
    assert back.credit is not None


def test_a_play_without_a_start_comes_back_without_one():
    (back,) = unpack_plays(pack_plays([Play("p", last_at=9, position_ms=4)]), Partition(FoldRules()))
    assert (back.playback_id, back.last_at, back.position_ms, back.place, back.credit) == (
        "p",
        9,
        4,
        None,
        None,
    )
