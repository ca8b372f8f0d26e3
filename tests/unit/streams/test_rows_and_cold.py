"""Rows by generation, and ids and plays as bytes."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from schemas.rules import FoldRules
from schemas.tables import EXIT_CURVES, UNLOCK_MINUTES
from streams import binary, ids, shared
from streams.packed_plays import pack_plays, unpack_plays
from streams.partition import Partition
from streams.rows import NO_BIN, RowBook, TableRows, as_tuples
from streams.state import REASON_NUMBER, Play
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
    row.move(0, NO_BIN, 3)
    row.move(0, 3, 4)
    assert row.bins == ({4: 1},)
    row.move(0, 9, NO_BIN)
    assert row.bins == ({4: 1, 9: -1},)
    row.move(0, 4, NO_BIN)
    row.move(0, NO_BIN, 9)
    assert row.bins == ({},)


def test_a_row_is_written_with_its_lineage_and_the_longest_prefix_wins():
    rows = TableRows(UNLOCK_MINUTES)
    row = rows.change(KEY)
    (written,) = as_tuples([row], 2, 3, 4, 5)
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
    out = BytesWriter()
    binary.write_id(out, text)
    binary.write_id(out, "after it")
    source = binary.Source(out.getvalue())
    assert [binary.read_id(source), binary.read_id(source)] == [text, "after it"]
    assert binary.id_bytes(text) in out.getvalue()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (str(uuid.UUID(int=255)), 17),
        (str(uuid.UUID(int=2**128 - 1)), 17),
        (str(uuid.UUID(int=255)).upper(), 38),
        ("0123456789abcdef" * 2, 17),
        ("0123456789ABCDEF" * 2, 34),
        (str(uuid.UUID(int=255)).replace("-", "0"), 38),
    ],
)
def test_what_an_id_takes(text, size):
    out = BytesWriter()
    binary.write_id(out, text)
    assert len(out.getvalue()) == size


@given(numbers=st.lists(st.integers(-(2**62), 2**62 - 1)))
def test_any_number_comes_back_as_it_was(numbers):
    out = BytesWriter()
    for number in numbers:
        binary.write_number(out, number)
    source = binary.Source(out.getvalue())
    assert [binary.read_number(source) for _ in numbers] == numbers
    assert source.at == len(source.data)


@pytest.mark.parametrize("read", [binary.read_number, binary.read_half, binary.read_id, binary.read_text])
def test_bytes_that_end_too_early_are_told(read):
    with pytest.raises(IndexError):
        read(binary.Source(b"\x80" if read is binary.read_number else b"\x01\x02"))


SAID = (
    "playback_id", "last_at", "started_at", "event_high", "event_low", "start_reason", "start_position_ms",
    "position_ms", "played_ms", "watched_ms", "continued",
)  # fmt: skip


def known(number, reason):
    play = Play(f"p{number}", 900 + number)
    play.place = shared.place("s", number, 2, "ios", "US", 60_000)
    play.started_at, play.event_high, play.event_low = 5, number - 2**63, number
    play.reason = REASON_NUMBER[reason]
    play.start_position_ms, play.position_ms, play.played_ms, play.watched_ms = 1, 2, 3, -1
    play.continued = 12
    return play


@pytest.mark.parametrize("reason", ["tap", "preview", "auto_next"])
def test_plays_come_back_as_they_were(reason):
    partition = Partition(FoldRules())
    plays = [known(1, reason), known(2, "tap"), known(1, "tap")]
    back = unpack_plays(pack_plays(plays), partition)
    assert [[getattr(p, name) for name in SAID] for p in back] == [
        [getattr(p, name) for name in SAID] for p in plays
    ]
    assert [p.place for p in back] == [p.place for p in plays]
    assert all(p.counted_flags for p in back)


def test_a_play_without_a_start_comes_back_without_one():
    play = Play("p", 9)
    play.position_ms = 4
    (back,) = unpack_plays(pack_plays([play]), Partition(FoldRules()))
    assert (back.playback_id, back.last_at, back.position_ms, back.place, back.counted_flags) == (
        "p",
        9,
        4,
        None,
        0,
    )


@given(one=st.uuids(), other=st.uuids())
def test_event_ids_sort_as_numbers_do(one, other):
    def halves(uuid):
        return ids.high(str(uuid)), ids.low(str(uuid))

    assert (halves(one) < halves(other)) == (one.int < other.int)
    assert (ids.as_bytes(str(one)) < ids.as_bytes(str(other))) == (one.int < other.int)
    assert halves(str(one).upper()) == halves(one)
