from datetime import UTC, datetime, timedelta

from schemas.reasons import Reason
from warehouse.reader import Ledger, SeriesTotal, Totals
from warehouse.writer import QuarantinedLine, Writer

HOUR = datetime(2025, 11, 20, 1, tzinfo=UTC)


def test_an_empty_warehouse_answers_nothing_and_zero(reader):
    assert reader.binge_depth().sittings == 0
    assert reader.binge_depth().depth_p50 is None
    assert reader.drop_off() == reader.conversion() == reader.top_series() == reader.ledger() == []
    assert reader.exit_curve("a", 1) == []
    assert reader.totals() == Totals(*[0] * 9)
    assert reader.freshness() == (0, 0, 0, 0)


def test_binge_depth_of_all_and_of_one_series(full):
    everything = full.binge_depth()
    assert (everything.sittings, everything.depth) == (3, {1: 1, 5: 1, 12: 1})
    assert (everything.depth_mean, everything.depth_p50, everything.depth_p90) == (6.0, 5, 12)
    assert (everything.deep_2, everything.deep_5, everything.deep_10) == (2, 2, 1)
    assert full.binge_depth("a").depth_mean == 3.0
    assert full.binge_depth("o'b\\").sittings == 1
    assert full.binge_depth("none").depth_mean is None


def test_a_span_takes_the_hours_that_start_in_it(full):
    assert full.binge_depth(since=HOUR, until=HOUR + timedelta(hours=1)).sittings == 3
    assert full.binge_depth(until=HOUR).sittings == 0
    assert full.binge_depth(since=HOUR + timedelta(seconds=1)).sittings == 0


def test_drop_off_by_episode(full):
    first, second = full.drop_off("a")
    assert (first.episode_no, first.starts, first.completes, first.drop_off) == (1, 8, 4, 0.25)
    assert (second.episode_no, second.valid_plays, second.drop_off) == (2, 1, None)
    assert len(full.drop_off()) == 3


def test_the_exit_curve_of_an_episode(full):
    assert full.exit_curve("a", 1) == [
        (0, 2, 4, 1.0, 0.5),
        (1, 1, 2, 0.5, 0.5),
        (2, 1, 1, 0.25, 1.0),
    ]


def test_conversion_by_gate(full):
    (gate,) = full.conversion("a")
    assert gate[:3] == ("a", 9, 1)
    assert (gate.impressions, gate.converted_30m, gate.conversion_rate_30m) == (8, 2, 0.25)
    assert (gate.conversions_ad, gate.conversion_rate_24h, gate.revenue_usd_micros) == (4, 0.5, 10)


def test_the_series_with_the_most_starts(full):
    assert full.top_series(1) == [SeriesTotal("a", 10, 1, 4, 0.4, 0)]
    assert [series.series_id for series in full.top_series()] == ["a", "o'b\\"]


def test_totals_ledger_and_freshness(full):
    assert full.totals() == Totals(15, 1, 4, 3, 8, 2, 3, 10, 6)
    assert full.ledger() == [Ledger(1, 20, 8, 6, 4, 2, 0)]
    fresh = full.freshness()
    assert fresh.complete_until_ms == 1_763_690_000_000
    assert min(fresh) > 0


def test_lines_set_aside_newest_first_byte_for_byte(settings, reader):
    def line(at_ms, reason, text):
        return QuarantinedLine(1, 3, at_ms, 0, reason, text, at_ms)

    writer = Writer(settings)
    old, new = (
        line(1_763_600_400_123, Reason.LATE, b"old"),
        line(1_763_690_400_456, Reason.NOT_JSON, b"\xff\0"),
    )
    writer.write_quarantine([old, new])
    writer.write_quarantine([old])
    writer.close()
    assert reader.quarantined() == [
        (1, 3, 1_763_690_400_456, 0, "not_json", 1_763_690_400_456, b"\xff\0"),
        (1, 3, 1_763_600_400_123, 0, "late", 1_763_600_400_123, b"old"),
    ]
    assert [kept.line for kept in reader.quarantined("late")] == [b"old"]
    assert [kept.line for kept in reader.quarantined(since=HOUR + timedelta(days=1))] == [b"\xff\0"]
    assert [kept.line for kept in reader.quarantined(until=HOUR + timedelta(days=1))] == [b"old"]
    assert [kept.line for kept in reader.quarantined(limit=1)] == [b"\xff\0"]
