from datetime import UTC, datetime, timedelta

import pytest

from schemas.tables import (
    EPISODE_MINUTES,
    EXIT_CURVES,
    PAYWALL_MINUTES,
    SITTINGS,
    UNLOCK_MINUTES,
    VIEWER_DAYS,
)
from tests.contracts.warehouse import a_checkpoint, a_row
from warehouse.reader import Ledger, Reader, SeriesTotal, Totals
from warehouse.writer import Writer

HOUR = datetime(2025, 11, 20, 1, tzinfo=UTC)


@pytest.fixture
def reader(settings):
    reader = Reader(settings)
    yield reader
    reader.close()


def play(**values):
    return a_row(EPISODE_MINUTES, **values)


@pytest.fixture
def full(settings, reader):
    """A reader of a small platform of two series, written in two versions."""
    writer = Writer(settings)
    for version in (1, 2):
        of = {"version": version}
        writer.write_rows(
            EPISODE_MINUTES,
            [
                play(series_id="a", episode_no=1, starts=8, completes=4, continued_auto=3, **of),
                play(series_id="a", episode_no=2, platform="tv", starts=2, valid_plays=1, **of),
                play(series_id="o'b\\", episode_no=1, starts=5, **of),
                play(series_id="a", episode_no=3, previews=1, **of),
            ],
        )  # fmt: skip
        writer.write_rows(
            EXIT_CURVES,
            [
                a_row(EXIT_CURVES, series_id="a", episode_no=1, platform=platform, plays_by_bin=bins, **of)
                for platform, bins in {"ios": {0: 2, 2: 1}, "tv": {1: 1}}.items()
            ],
        )
        writer.write_rows(
            SITTINGS,
            [
                a_row(SITTINGS, series_id="a", sittings=2, depth={1: 1, 5: 1}, run={1: 2}, **of),
                a_row(SITTINGS, series_id="o'b\\", sittings=1, depth={12: 1}, run={4: 1}, **of),
            ],
        )
        writer.write_rows(
            PAYWALL_MINUTES,
            [
                a_row(PAYWALL_MINUTES, series_id="a", episode_no=9, paywall_no=1, trigger=trigger,
                      impressions=4, converted_30m=1, converted_24h=2, conversions_ad=2,
                      revenue_usd_micros=5, **of)
                for trigger in ("auto_next", "list_tap")
            ],
        )  # fmt: skip
        writer.write_rows(UNLOCK_MINUTES, [a_row(UNLOCK_MINUTES, unlocks=3, **of)])
        writer.write_rows(VIEWER_DAYS, [a_row(VIEWER_DAYS, active=6, **of)])
    writer.write_checkpoint(a_checkpoint())
    writer.write_checkpoint(a_checkpoint(partition=4, watermark_ms=1_763_600_000_000))
    writer.close()
    return reader


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
    assert fresh.complete_until_ms == 1_763_600_000_000
    assert min(fresh) > 0
