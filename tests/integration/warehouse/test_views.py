"""The views against numbers computed by hand: versions, generations, partitions, zeros, falling counters."""

import random
import re
from datetime import UTC, datetime

import pytest

from schemas.reasons import Reason
from schemas.tables import (
    EPISODE_MINUTES,
    PAYWALL_MINUTES,
)
from tests.contracts.warehouse import MINUTE, a_checkpoint, a_line, episode, paywall

HOUR = datetime(2025, 11, 20, 1, tzinfo=UTC)
DAY = datetime(2025, 11, 20, tzinfo=UTC)


def test_an_older_version_counts_for_nothing_and_counters_may_fall(writer, read):
    writer.write_rows(EPISODE_MINUTES, [episode(version=7, starts=10, stopped_at_gate=4)])
    writer.write_rows(EPISODE_MINUTES, [episode(version=9, starts=11, stopped_at_gate=1)])
    writer.write_rows(EPISODE_MINUTES, [episode(version=8, starts=10, stopped_at_gate=5)])
    for grain in ("minute", "hour", "day"):
        assert read(f"episodes_by_{grain}", "starts", "stopped_at_gate") == (11, 1)


def test_generations_partitions_and_logs_add_up(writer, read):
    writer.write_rows(
        EPISODE_MINUTES,
        [
            episode(partition=0, generation=0, version=5, starts=10),
            episode(partition=0, generation=0, version=6, starts=12),
            episode(partition=0, generation=300, version=9, starts=-1),
            episode(partition=1, generation=0, version=2, starts=100),
            episode(partition=1, generation=0, version=1, starts=90),
            episode(source_epoch=2, partition=0, version=1, starts=1000),
        ],
    )
    assert read("episodes_by_minute", "starts") == (1111,)


def test_minutes_merge_into_hours_and_hours_into_days(writer, read):
    writer.write_rows(
        EPISODE_MINUTES,
        [
            episode(window_start=MINUTE, starts=1),
            episode(window_start=MINUTE + 59 * 60, starts=2),
            episode(window_start=MINUTE + 60 * 60, starts=4),
            episode(window_start=MINUTE + 23 * 3600, starts=8),
        ],
    )
    assert len(read("episodes_by_minute", "starts")) == 4
    assert read("episodes_by_hour", "window_start", "starts") == [
        (HOUR, 3),
        (HOUR.replace(hour=2), 4),
        (HOUR.replace(day=21, hour=0), 8),
    ]
    assert read("episodes_by_day", "window_start", "starts") == [
        (DAY, 7),
        (DAY.replace(day=21), 8),
    ]


def test_a_row_that_came_to_nothing_is_absent(writer, read):
    writer.write_rows(EPISODE_MINUTES, [episode(version=1, starts=1)])
    writer.write_rows(EPISODE_MINUTES, [episode(version=2)])
    writer.write_rows(EPISODE_MINUTES, [episode(partition=1, generation=0, starts=3, completes=1)])
    writer.write_rows(EPISODE_MINUTES, [episode(partition=1, generation=9, starts=-3, completes=-1)])
    for grain in ("minute", "hour", "day"):
        assert read(f"episodes_by_{grain}", "starts") == []


def test_a_row_of_previews_alone_is_kept_and_its_ratios_are_null(writer, read):
    writer.write_rows(EPISODE_MINUTES, [episode(previews=2)])
    assert read("episodes_by_day", "previews", "valid_share", "drop_off") == (2, None, None)


def test_completeness_is_the_smallest_watermark_of_the_partitions(writer, read):
    second = 1_763_600_400_000
    for partition, offset, watermark_ms in [
        (0, 100, second),
        (0, 200, second + 9_000),
        (1, 70, second + 4_500),
    ]:
        writer.write_checkpoint(a_checkpoint(offset, partition=partition, watermark_ms=watermark_ms))
    writer.write_checkpoint(a_checkpoint(5, source_epoch=2, partition=0, watermark_ms=second))
    at = {ms: HOUR.replace(second=ms // 1000, microsecond=ms % 1000 * 1000) for ms in (0, 4500, 9000)}
    columns = ("source_epoch", "partition", "next_offset", "watermark", "complete_until")
    assert read("completeness", *columns) == [
        (1, 0, 200, at[9000], at[4500]),
        (1, 1, 70, at[4500], at[4500]),
        (2, 0, 5, at[0], at[0]),
    ]  # fmt: skip


def test_conservation_shows_what_is_not_accounted_for(writer, read):
    writer.write_checkpoint(a_checkpoint(100, received=999))
    writer.write_checkpoint(a_checkpoint(200))
    writer.write_checkpoint(a_checkpoint(200, partition=4, received=12))
    writer.write_checkpoint(a_checkpoint(200, partition=5, received=9))
    columns = ("partition", "received", "applied", "redundant", "excluded", "quarantined", "unaccounted")
    assert read("conservation", *columns) == [
        (3, 10, 4, 3, 2, 1, 0),
        (4, 12, 4, 3, 2, 1, 2),
        (5, 9, 4, 3, 2, 1, -1),
    ]


def test_quarantine_by_hour_counts_a_line_once(writer, read):
    writer.write_quarantine([a_line(offset=1, line=b"{"), a_line(offset=2, line=b"[[")])
    writer.write_quarantine([a_line(offset=2, line=b"[["), a_line(offset=3, reason=Reason.LATE)])
    assert read("quarantine_by_hour", "window_start", "reason", "lines", "bytes") == [
        (HOUR, "late", 1, 1),
        (HOUR, "not_json", 2, 3),
    ]


def test_a_window_is_provisional_until_30_minutes_past_its_end(writer, read):
    minutes = {
        MINUTE: 0,
        MINUTE + 60: 0,  # ends exactly 30 min behind
        MINUTE + 120: 1,
    }
    writer.write_rows(
        PAYWALL_MINUTES,
        [paywall(window_start=at, impressions=4, converted_30m=1) for at in minutes],
    )
    columns = ("toUnixTimestamp(window_start)", "conversion_rate_30m", "provisional")
    assert {row[2] for row in read("paywall_conversion", *columns)} == {1}
    complete_until = MINUTE + 120 + 30 * 60
    for partition, seconds in ((0, 0), (1, 5)):
        writer.write_checkpoint(
            a_checkpoint(partition=partition, watermark_ms=(complete_until + seconds) * 1000)
        )
    assert read("paywall_conversion", *columns) == [
        (at, 0.25, provisional) for at, provisional in minutes.items()
    ]


@pytest.mark.parametrize(
    ("table", "views"),
    [
        ("episode_minutes", ("episodes_by_minute", "episodes_by_hour", "episodes_by_day")),
        (
            "exit_curves",
            (
                "exit_curves_by_hour",
                "exit_curves_by_day",
                "exit_curve_bins_by_hour",
                "exit_curve_bins_by_day",
            ),
        ),
        ("sittings", ("sittings_by_hour", "sittings_by_day")),
        (
            "paywall_minutes",
            ("paywalls_by_minute", "paywalls_by_hour", "paywalls_by_day", "paywall_conversion"),
        ),
        ("unlock_minutes", ("unlocks_by_minute", "unlocks_by_hour", "unlocks_by_day")),
        ("viewer_days", ("viewers_by_day",)),
    ],
)
def test_a_question_about_a_day_reads_that_day_only(connection, table, views):
    """A month in one part of 24 granules and more; the filters must reach it through the view."""
    dimension = "platform" if table == "viewer_days" else "series_id"
    connection.query(f"""
        INSERT INTO {table} (window_start, {dimension}, generation)
        SELECT toDateTime(intDiv(1764547200 - number * 12, 3600) * 3600, 'UTC'), toString(number % 50), number
        FROM numbers(1, 200000)
    """)
    for view in views:
        plan = connection.query(f"""
            EXPLAIN indexes = 1 SELECT * FROM {view}
            WHERE window_start >= '2025-11-20 00:00:00' AND window_start < '2025-11-21 00:00:00'
                AND {dimension} = '7'
        """)
        text = "\n".join(line for (line,) in plan)
        granules = re.findall(r"Granules: (\d+)/(\d+)", text)
        in_all = int(granules[0][1])
        read = int(re.search(r"Granules: (\d+)\n", text)[1])
        assert in_all >= 24
        assert read <= 5, (view, text)


def test_final_and_the_highest_version_by_hand_agree(writer, connection):
    """Many versions of few keys, in many inserts and any order, while the engine merges as it likes."""
    dice = random.Random(3)
    for _ in range(12):
        rows = [
            episode(
                window_start=MINUTE + 60 * dice.randrange(3),
                paywall_no=dice.randrange(2),
                partition=dice.randrange(3),
                generation=dice.randrange(2),
                version=version,
                starts=version % 17 - 4,
                completes=version % 5,
            )
            for version in dice.sample(range(1000), 80)
        ]
        writer.write_rows(EPISODE_MINUTES, rows)
    by_hand = connection.query("""
        SELECT window_start, paywall_no, sum(s), sum(c)
        FROM
        (
            SELECT window_start, paywall_no, argMax(starts, version) AS s, argMax(completes, version) AS c
            FROM episode_minutes
            GROUP BY window_start, series_id, episode_no, paywall_no, platform, country,
                source_epoch, partition, generation
        )
        GROUP BY window_start, paywall_no
        HAVING sum(s) != 0
        ORDER BY ALL
    """)
    view = "SELECT window_start, paywall_no, starts, completes FROM episodes_by_minute ORDER BY ALL"
    assert connection.query(view) == by_hand
