"""What every warehouse must do for a worker: the exam that the fake and the real one sit."""

import random
from dataclasses import replace

import pytest

from schemas.reasons import Reason
from schemas.tables import (
    COUNTER_TABLES,
    EPISODE_MINUTES,
    PAYWALL_MINUTES,
    SITTINGS,
    CounterTable,
)
from streams.checkpoint import STATE_FORMAT
from warehouse.checkpoints import Checkpoint, sha256_hex
from warehouse.epochs import Epoch, EpochKind
from warehouse.writer import MetDeletion, QuarantinedLine

MINUTE = 1_763_600_400  # 2025-11-20T01:00:00Z: start of a minute and of an hour
TEXT_DIMENSIONS = frozenset({
    "series_id", "platform", "country", "paywall_id", "trigger", "variant", "method", "tenure", "payer_state",
})  # fmt: skip


def a_row(table: CounterTable, **values):
    """A row of any table: texts are '', numbers 0, histograms empty, unless said otherwise."""
    absent = {
        "window_start": MINUTE // table.window_s * table.window_s,
        **{name: "" if name in TEXT_DIMENSIONS else 0 for name in table.dimensions},
        **dict.fromkeys(("source_epoch", "version"), 1),
        **dict.fromkeys(("partition", "generation", *table.counters), 0),
        **{name: {} for name in table.histograms},
    }
    assert values.keys() <= absent.keys()
    return tuple({**absent, **values}[name] for name in table.columns)


def episode(**values):
    """A row of an episode in a minute."""
    return a_row(EPISODE_MINUTES, series_id="s", episode_no=1, platform="ios", country="BR", **values)


def paywall(**values):
    """A row of a paywall in a minute."""
    return a_row(PAYWALL_MINUTES, series_id="s", episode_no=9, paywall_id="p", **values)


def a_checkpoint(next_offset=100, state=b"state", **values):
    return replace(
        Checkpoint(
            source_epoch=1,
            partition=3,
            logic_epoch=1,
            next_offset=next_offset,
            generation=40,
            watermark_ms=1_763_600_400_123,
            viewers=7,
            received=10,
            applied=4,
            redundant=3,
            excluded=2,
            quarantined=1,
            rules_digest="a" * 64,
            state_format=STATE_FORMAT,
            state_sha256=sha256_hex(state),
            state=state,
            worker="worker-1",
            rules='{"lateness_ms": 1}',
        ),
        **values,
    )


def a_line(offset=5, line_index=0, line=b"{", **values):
    line = QuarantinedLine(1, 3, offset, line_index, Reason.NOT_JSON, line, 1_763_600_400_123)
    return line._replace(**values)


def a_deletion(offset=5, line_index=0, **values):
    met = MetDeletion(1, 3, offset, line_index, "a pseudonym", 1_763_600_390_000, 1_763_600_400_123)
    return met._replace(**values)


def an_epoch(logic_epoch=2, partition=3, **values):
    noted = Epoch(1, logic_epoch, partition, EpochKind.CONTINUED, 40, 1, 100, 100, reached=False)
    return noted._replace(**values)


class WarehouseContract:
    """Subclasses give `warehouse`, a writer, and the four readings below."""

    @pytest.fixture
    def warehouse(self):
        raise NotImplementedError

    def latest_rows(self, warehouse, table):
        """The highest version of every key in the order of the keys, as tuples of `table.columns`."""
        raise NotImplementedError

    def quarantined_lines(self, warehouse):
        """The lines, each once, by their place in the log."""
        raise NotImplementedError

    def met_deletions(self, warehouse):
        """The deletions, each once, by their place in the log."""
        raise NotImplementedError

    def write_checkpoint_at(self, warehouse, checkpoint, written_at_ms):
        """Write a checkpoint that the warehouse took at another time."""
        raise NotImplementedError

    @pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
    def test_a_row_reads_back_as_it_was_written(self, warehouse, table):
        values = {name: number for number, name in enumerate(table.counters, start=1)}
        values |= {name: {0: 2, 299: 1} for name in table.histograms}
        values |= {name: "ö'\\\t%" for name in table.dimensions if name in TEXT_DIMENSIONS}
        row = a_row(table, **values, partition=11, generation=2**40, version=3 << 48 | 9)
        warehouse.write_rows(table, [row])
        assert self.latest_rows(warehouse, table) == [row]

    def test_no_rows_write_nothing(self, warehouse):
        warehouse.write_rows(EPISODE_MINUTES, [])
        warehouse.write_quarantine([])
        warehouse.write_deletions([])
        assert self.latest_rows(warehouse, EPISODE_MINUTES) == []
        assert self.quarantined_lines(warehouse) == []

    def test_the_highest_version_wins_in_whatever_order_versions_come(self, warehouse):
        versions = [a_row(SITTINGS, version=n, sittings=10 - n, depth={n: 1}) for n in range(1, 6)]
        random.Random(7).shuffle(versions)
        for row in versions:
            warehouse.write_rows(SITTINGS, [row])
        assert self.latest_rows(warehouse, SITTINGS) == [a_row(SITTINGS, version=5, sittings=5, depth={5: 1})]

    def test_versions_of_one_key_in_one_call_leave_the_highest(self, warehouse):
        rows = [a_row(SITTINGS, version=n, sittings=n) for n in (2, 3, 1)]
        warehouse.write_rows(SITTINGS, rows)
        assert self.latest_rows(warehouse, SITTINGS) == [rows[1]]

    def test_rows_of_two_logic_epochs_are_two_rows(self, warehouse):
        old = a_row(SITTINGS, version=1 << 48 | 2**47, sittings=1)
        new = a_row(SITTINGS, version=2 << 48 | 1, sittings=2)
        warehouse.write_rows(SITTINGS, [new])
        warehouse.write_rows(SITTINGS, [old])
        assert self.latest_rows(warehouse, SITTINGS) == [old, new]

    def test_what_is_noted_of_epochs_is_told_oldest_first(self, warehouse):
        epochs = [an_epoch(2, 4), an_epoch(2, 3), an_epoch(1, 3, kind=EpochKind.FIRST, reached=True)]
        warehouse.note_epochs(epochs)
        assert warehouse.noted_epochs(1) == sorted(epochs)
        assert warehouse.noted_epochs(2) == []

    def test_an_epoch_that_has_come_so_far_is_never_taken_back(self, warehouse):
        for reached in (False, True, False):
            warehouse.note_epochs([an_epoch(2, 3, reached=reached)])
        assert warehouse.noted_epochs(1) == [an_epoch(2, 3, reached=True)]

    def test_the_logic_epochs_of_a_log_are_known_by_their_checkpoints(self, warehouse):
        assert warehouse.epochs_with_checkpoints(1) == set()
        warehouse.write_checkpoint(a_checkpoint())
        warehouse.write_checkpoint(a_checkpoint(logic_epoch=3, partition=4))
        warehouse.write_checkpoint(a_checkpoint(source_epoch=2, logic_epoch=4))
        assert warehouse.epochs_with_checkpoints(1) == {1, 3}

    def test_the_same_rows_again_change_nothing(self, warehouse):
        row = a_row(PAYWALL_MINUTES, impressions=4, revenue_usd_micros=-5)
        for _ in range(3):
            warehouse.write_rows(PAYWALL_MINUTES, [row])
        assert self.latest_rows(warehouse, PAYWALL_MINUTES) == [row]

    @pytest.mark.parametrize(
        "other",
        [
            {"window_start": MINUTE + 60},
            {"series_id": "s2"},
            {"episode_no": 2},
            {"paywall_no": 1},
            {"paywall_id": "p"},
            {"trigger": "list_tap"},
            {"platform": "tv"},
            {"country": "BR"},
            {"variant": "b"},
            {"source_epoch": 2},
            {"partition": 1},
            {"generation": 1},
        ],
        ids=str,
    )
    def test_every_part_of_the_key_tells_rows_apart(self, warehouse, other):
        rows = [
            a_row(PAYWALL_MINUTES, version=9, impressions=1),
            a_row(PAYWALL_MINUTES, version=3, impressions=2, **other),
        ]
        warehouse.write_rows(PAYWALL_MINUTES, rows)
        assert self.latest_rows(warehouse, PAYWALL_MINUTES) == rows

    def test_a_quarantined_line_keeps_its_bytes(self, warehouse):
        lines = [
            a_line(line_index=0, line=b"\xff\xfe\x00 \xc3(", reason=Reason.NOT_JSON),
            a_line(line_index=1, line="{\"a\": 'ü'}".encode(), reason=Reason.MISSING_FIELD),
            a_line(line_index=2, line=b"", reason=Reason.TOO_LARGE),
        ]
        warehouse.write_quarantine(lines)
        assert self.quarantined_lines(warehouse) == lines

    def test_a_line_found_again_counts_once(self, warehouse):
        warehouse.write_quarantine([a_line(offset=5), a_line(offset=6)])
        warehouse.write_quarantine([a_line(offset=5)])
        assert self.quarantined_lines(warehouse) == [a_line(offset=5), a_line(offset=6)]

    def test_a_deletion_met_again_counts_once(self, warehouse):
        met = [a_deletion(line_index=0), a_deletion(line_index=1, viewer_id="ö'\\"), a_deletion(offset=2**40)]
        warehouse.write_deletions(met)
        warehouse.write_deletions(met[:1])
        assert self.met_deletions(warehouse) == met

    @pytest.mark.parametrize("table", COUNTER_TABLES, ids=lambda table: table.name)
    def test_what_was_counted_is_known_by_log_partition_and_epoch(self, warehouse, table):
        assert warehouse.epochs_with_rows(1, 3) == set()
        for epoch in (2, 7):
            warehouse.write_rows(table, [a_row(table, partition=3, version=epoch << 48 | 7)])
        assert warehouse.epochs_with_rows(1, 3) == {2, 7}
        assert warehouse.epochs_with_rows(2, 3) == warehouse.epochs_with_rows(1, 4) == set()

    def test_checkpoints_come_newest_first_by_offset(self, warehouse):
        for offset in (200, 300, 100):
            warehouse.write_checkpoint(a_checkpoint(offset, state=b"%d" % offset))
        found = list(warehouse.newest_checkpoints(1, 3, 1))
        assert found == [a_checkpoint(n, state=b"%d" % n) for n in (300, 200, 100)]
        assert all(checkpoint.verifies for checkpoint in found)

    def test_a_partition_without_checkpoints_has_none(self, warehouse):
        warehouse.write_checkpoint(a_checkpoint())
        assert list(warehouse.newest_checkpoints(1, 4, 1)) == []
        assert list(warehouse.newest_checkpoints(2, 3, 1)) == []
        assert list(warehouse.newest_checkpoints(1, 3, 2)) == []

    def test_a_state_of_any_bytes_comes_back_whole(self, warehouse):
        state = random.Random(1).randbytes(3_000_000) + b"\n\n\x00" + bytes(range(256))
        warehouse.write_checkpoint(a_checkpoint(state=state))
        (found,) = warehouse.newest_checkpoints(1, 3, 1)
        assert found.state == state
        assert found.verifies

    def test_a_state_that_was_damaged_does_not_verify(self, warehouse):
        warehouse.write_checkpoint(a_checkpoint(100))
        warehouse.write_checkpoint(replace(a_checkpoint(200), state=b"damaged"))
        newest, older = warehouse.newest_checkpoints(1, 3, 1)
        assert (newest.next_offset, newest.verifies) == (200, False)
        assert (older.next_offset, older.verifies) == (100, True)

    def test_the_newest_two_checkpoints_are_never_dropped(self, warehouse):
        for minute, offset in enumerate((100, 200, 300, 400)):
            self.write_checkpoint_at(warehouse, a_checkpoint(offset), minute * 600_000)
        assert warehouse.drop_old_checkpoints(1, 3) == 2
        kept = [checkpoint.next_offset for checkpoint in warehouse.newest_checkpoints(1, 3, 1)]
        assert kept == [400, 300]
        assert warehouse.drop_old_checkpoints(1, 3) == 0

    def test_what_a_zombie_writes_late_drops_no_newer_checkpoint(self, warehouse):
        self.write_checkpoint_at(warehouse, a_checkpoint(300), 0)
        self.write_checkpoint_at(warehouse, a_checkpoint(400), 600_000)
        self.write_checkpoint_at(warehouse, a_checkpoint(100), 1_200_000)
        self.write_checkpoint_at(warehouse, a_checkpoint(200), 1_800_000)
        assert warehouse.drop_old_checkpoints(1, 3) == 2
        kept = [checkpoint.next_offset for checkpoint in warehouse.newest_checkpoints(1, 3, 1)]
        assert kept == [400, 300]

    def test_a_checkpoint_written_twice_counts_once_among_the_newest_two(self, warehouse):
        for minute, offset in enumerate((100, 200, 300, 300)):
            self.write_checkpoint_at(warehouse, a_checkpoint(offset), minute * 600_000)
        assert warehouse.drop_old_checkpoints(1, 3) == 1
        kept = [checkpoint.next_offset for checkpoint in warehouse.newest_checkpoints(1, 3, 1)]
        assert kept == [300, 300, 200]

    def test_dropping_leaves_other_partitions_and_logic_epochs_alone(self, warehouse):
        for minute, offset in enumerate((100, 200, 300)):
            at = minute * 600_000
            self.write_checkpoint_at(warehouse, a_checkpoint(offset), at)
            self.write_checkpoint_at(warehouse, a_checkpoint(offset, partition=4), at)
        self.write_checkpoint_at(warehouse, a_checkpoint(50, logic_epoch=2), 1_800_000)
        assert warehouse.drop_old_checkpoints(1, 3) == 1
        assert len(list(warehouse.newest_checkpoints(1, 3, 1))) == 2
        assert len(list(warehouse.newest_checkpoints(1, 3, 2))) == 1
        assert len(list(warehouse.newest_checkpoints(1, 4, 1))) == 3
