-- sittings_by_hour: binge depth by when the sittings began, a row for each hour and each combination of
-- dimensions.
--
-- FINAL keeps the highest version of every key: an older version is a shorter prefix of the log and is
-- part of the newer one, so adding both would count twice. Generations and partitions add up, bin by bin;
-- a bin that came to 0 is left out. A row counts something only if it counts a sitting: other rows are
-- left out, as rows that are all 0 equal absent ones. Filters on the window and on dimensions reach the
-- table through the view. A ratio over 0 is NULL; its numerator and denominator stand beside it: a ratio
-- over several rows is sum / sum, never a mean of ratios.
--
-- Of each partition and logic epoch only the generations count that epoch_ends leaves it: before the begin
-- of an epoch that took its place, and none while it has not caught up itself.
CREATE OR REPLACE VIEW sittings_by_hour
(
    window_start DateTime('UTC') COMMENT 'start of the hour, UTC',
    series_id LowCardinality(String) COMMENT 'series',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    sittings Int64 COMMENT 'sittings that began',
    played_ms Int64 COMMENT 'wall time of playing in them, ms',
    depth Map(UInt16, Int64) COMMENT 'distinct episodes with a valid play -> sittings',
    run Map(UInt16, Int64) COMMENT 'longest run of consecutive completed episodes -> sittings',
    deliberate Map(UInt16, Int64) COMMENT 'distinct episodes with a valid play not started by auto_next -> sittings',
    depth_sum Int64 COMMENT 'sum of the depths of all sittings',
    depth_mean Nullable(Float64) COMMENT 'depth_sum / sittings',
    depth_p50 Nullable(UInt16) COMMENT 'median depth: the smallest depth that half of the sittings do not exceed',
    depth_p90 Nullable(UInt16) COMMENT 'the smallest depth that 90 % of the sittings do not exceed',
    deep_2 Int64 COMMENT 'sittings at least 2 episodes deep',
    deep_5 Int64 COMMENT 'sittings at least 5 episodes deep',
    deep_10 Int64 COMMENT 'sittings at least 10 episodes deep',
    deep_2_share Nullable(Float64) COMMENT 'deep_2 / sittings',
    deep_5_share Nullable(Float64) COMMENT 'deep_5 / sittings',
    deep_10_share Nullable(Float64) COMMENT 'deep_10 / sittings',
    run_sum Int64 COMMENT 'sum of the longest runs of all sittings',
    run_mean Nullable(Float64) COMMENT 'run_sum / sittings',
    deliberate_sum Int64 COMMENT 'sum of the deliberate depths of all sittings',
    deliberate_mean Nullable(Float64) COMMENT 'deliberate_sum / sittings'
)
AS
SELECT
    window_start,
    series_id,
    platform,
    country,
    sittings,
    played_ms,
    depth,
    run,
    deliberate,
    arraySum(arrayMap((d, n) -> toInt64(d) * n, mapKeys(depth), mapValues(depth))) AS depth_sum,
    depth_sum / nullIf(sittings, 0) AS depth_mean,
    mapKeys(depth)[nullIf(arrayFirstIndex(upto -> 2 * upto >= arraySum(mapValues(depth)), arrayCumSum(mapValues(depth))), 0)] AS depth_p50,
    mapKeys(depth)[nullIf(arrayFirstIndex(upto -> 10 * upto >= 9 * arraySum(mapValues(depth)), arrayCumSum(mapValues(depth))), 0)] AS depth_p90,
    arraySum(mapValues(mapFilter((d, n) -> d >= 2, depth))) AS deep_2,
    arraySum(mapValues(mapFilter((d, n) -> d >= 5, depth))) AS deep_5,
    arraySum(mapValues(mapFilter((d, n) -> d >= 10, depth))) AS deep_10,
    deep_2 / nullIf(sittings, 0) AS deep_2_share,
    deep_5 / nullIf(sittings, 0) AS deep_5_share,
    deep_10 / nullIf(sittings, 0) AS deep_10_share,
    arraySum(arrayMap((d, n) -> toInt64(d) * n, mapKeys(run), mapValues(run))) AS run_sum,
    run_sum / nullIf(sittings, 0) AS run_mean,
    arraySum(arrayMap((d, n) -> toInt64(d) * n, mapKeys(deliberate), mapValues(deliberate))) AS deliberate_sum,
    deliberate_sum / nullIf(sittings, 0) AS deliberate_mean
FROM
(
    WITH (SELECT (groupArray(lineage), groupArray(until_generation)) FROM epoch_ends FINAL) AS ends
    SELECT
        e.window_start AS window_start,
        e.series_id AS series_id,
        e.platform AS platform,
        e.country AS country,
        sum(e.sittings) AS sittings,
        sum(e.played_ms) AS played_ms,
        mapFilter((bin, n) -> n != 0, sumMap(e.depth)) AS depth,
        mapFilter((bin, n) -> n != 0, sumMap(e.run)) AS run,
        mapFilter((bin, n) -> n != 0, sumMap(e.deliberate)) AS deliberate
    FROM sittings AS e FINAL
    WHERE empty(ends.1)
        OR e.generation < transform(
            bitShiftLeft(toUInt64(e.source_epoch), 32) + bitShiftLeft(toUInt32(e.partition), 16) + bitShiftRight(e.version, 48),
            ends.1,
            ends.2,
            18446744073709551615
        )
    GROUP BY e.window_start, e.series_id, e.platform, e.country
    HAVING sum(e.sittings) != 0
)
COMMENT 'Binge depth by when the sittings began, by hour'
