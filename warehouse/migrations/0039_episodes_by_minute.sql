-- episodes_by_minute: plays by when and where they started, a row for each minute and each combination of
-- dimensions.
--
-- FINAL keeps the highest version of every key: an older version is a shorter prefix of the log and is
-- part of the newer one, so adding both would count twice. Generations and partitions add up. A row counts
-- something only if it counts a preview or a start: other rows are left out, as rows that are all 0 equal
-- absent ones. Filters on the window and on dimensions reach the table through the view. A ratio over 0 is
-- NULL; its numerator and denominator stand beside it: a ratio over several rows is sum / sum, never a
-- mean of ratios.
--
-- Of each partition and logic epoch only the generations count that epoch_ends leaves it: before the begin
-- of an epoch that took its place, and none while it has not caught up itself.
CREATE OR REPLACE VIEW episodes_by_minute
(
    window_start DateTime('UTC') COMMENT 'start of the minute, UTC',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    paywall_no UInt8 COMMENT 'number of the gate as the player names it; 0 in the free part or unknown',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    previews Int64 COMMENT 'plays that were previews; they count in nothing else',
    starts Int64 COMMENT 'plays started',
    fresh_starts Int64 COMMENT 'of these, started in the first 5 % of the episode',
    valid_plays Int64 COMMENT 'of these, played for 10 s or a quarter of the episode, whichever is shorter',
    reached_25 Int64 COMMENT 'plays that reached 25 % of the episode',
    reached_50 Int64 COMMENT 'plays that reached 50 %',
    reached_75 Int64 COMMENT 'plays that reached 75 %',
    reached_95 Int64 COMMENT 'plays that reached 95 %',
    completes Int64 COMMENT 'valid plays that watched 90 % of the episode',
    played_ms Int64 COMMENT 'wall time of playing, ms',
    watched_ms Int64 COMMENT 'unique content watched, ms',
    continued_auto Int64 COMMENT 'completes after which the next episode started by itself',
    continued_deliberate Int64 COMMENT 'completes after which the viewer started the next episode',
    stopped_at_gate Int64 COMMENT 'completes after which the viewer met the gate of the next episode and did not start it',
    fresh_share Nullable(Float64) COMMENT 'fresh_starts / starts',
    valid_share Nullable(Float64) COMMENT 'valid_plays / starts',
    reached_25_share Nullable(Float64) COMMENT 'reached_25 / starts',
    reached_50_share Nullable(Float64) COMMENT 'reached_50 / starts',
    reached_75_share Nullable(Float64) COMMENT 'reached_75 / starts',
    reached_95_share Nullable(Float64) COMMENT 'reached_95 / starts',
    completion_rate Nullable(Float64) COMMENT 'completes / starts',
    continued Int64 COMMENT 'completes after which the next episode started: continued_auto + continued_deliberate',
    left_series Int64 COMMENT 'completes after which nothing more of the series came: completes - continued - stopped_at_gate',
    drop_off Nullable(Float64) COMMENT '1 - continued / completes',
    stopped_at_gate_share Nullable(Float64) COMMENT 'stopped_at_gate / completes'
)
AS
SELECT
    window_start,
    series_id,
    episode_no,
    paywall_no,
    platform,
    country,
    previews,
    starts,
    fresh_starts,
    valid_plays,
    reached_25,
    reached_50,
    reached_75,
    reached_95,
    completes,
    played_ms,
    watched_ms,
    continued_auto,
    continued_deliberate,
    stopped_at_gate,
    fresh_starts / nullIf(starts, 0) AS fresh_share,
    valid_plays / nullIf(starts, 0) AS valid_share,
    reached_25 / nullIf(starts, 0) AS reached_25_share,
    reached_50 / nullIf(starts, 0) AS reached_50_share,
    reached_75 / nullIf(starts, 0) AS reached_75_share,
    reached_95 / nullIf(starts, 0) AS reached_95_share,
    completes / nullIf(starts, 0) AS completion_rate,
    continued_auto + continued_deliberate AS continued,
    completes - continued_auto - continued_deliberate - stopped_at_gate AS left_series,
    1 - (continued_auto + continued_deliberate) / nullIf(completes, 0) AS drop_off,
    stopped_at_gate / nullIf(completes, 0) AS stopped_at_gate_share
FROM
(
    WITH (SELECT (groupArray(lineage), groupArray(until_generation)) FROM epoch_ends FINAL) AS ends
    SELECT
        e.window_start AS window_start,
        e.series_id AS series_id,
        e.episode_no AS episode_no,
        e.paywall_no AS paywall_no,
        e.platform AS platform,
        e.country AS country,
        sum(e.previews) AS previews,
        sum(e.starts) AS starts,
        sum(e.fresh_starts) AS fresh_starts,
        sum(e.valid_plays) AS valid_plays,
        sum(e.reached_25) AS reached_25,
        sum(e.reached_50) AS reached_50,
        sum(e.reached_75) AS reached_75,
        sum(e.reached_95) AS reached_95,
        sum(e.completes) AS completes,
        sum(e.played_ms) AS played_ms,
        sum(e.watched_ms) AS watched_ms,
        sum(e.continued_auto) AS continued_auto,
        sum(e.continued_deliberate) AS continued_deliberate,
        sum(e.stopped_at_gate) AS stopped_at_gate
    FROM episode_minutes AS e FINAL
    WHERE empty(ends.1)
        OR e.generation < transform(
            bitShiftLeft(toUInt64(e.source_epoch), 32) + bitShiftLeft(toUInt32(e.partition), 16) + bitShiftRight(e.version, 48),
            ends.1,
            ends.2,
            18446744073709551615
        )
    GROUP BY e.window_start, e.series_id, e.episode_no, e.paywall_no, e.platform, e.country
    HAVING sum(e.previews) != 0 OR sum(e.starts) != 0
)
COMMENT 'Plays by when and where they started, by minute'
