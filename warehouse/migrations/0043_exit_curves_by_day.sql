-- exit_curves_by_day: the bin in which plays ended, by when they started, a row for each day and each
-- combination of dimensions.
--
-- FINAL keeps the highest version of every key: an older version is a shorter prefix of the log and is
-- part of the newer one, so adding both would count twice. Generations and partitions add up, bin by bin;
-- a bin that came to 0 is left out. A curve without plays is no curve: other rows are left out, as rows
-- that are all 0 equal absent ones. Filters on the window and on dimensions reach the table through the
-- view.
--
-- Of each partition and logic epoch only the generations count that epoch_ends leaves it: before the begin
-- of an epoch that took its place, and none while it has not caught up itself.
CREATE OR REPLACE VIEW exit_curves_by_day
(
    window_start DateTime('UTC') COMMENT 'start of the day, UTC',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    plays_by_bin Map(UInt16, Int64) COMMENT 'bin of the furthest position -> plays',
    plays Int64 COMMENT 'plays in all bins'
)
AS
SELECT
    window_start,
    series_id,
    episode_no,
    platform,
    plays_by_bin,
    arraySum(mapValues(plays_by_bin)) AS plays
FROM
(
    WITH (SELECT (groupArray(lineage), groupArray(until_generation)) FROM epoch_ends FINAL) AS ends
    SELECT
        toStartOfDay(e.window_start) AS window_start,
        e.series_id AS series_id,
        e.episode_no AS episode_no,
        e.platform AS platform,
        mapFilter((bin, n) -> n != 0, sumMap(e.plays_by_bin)) AS plays_by_bin
    FROM exit_curves AS e FINAL
    WHERE empty(ends.1)
        OR e.generation < transform(
            bitShiftLeft(toUInt64(e.source_epoch), 32) + bitShiftLeft(toUInt32(e.partition), 16) + bitShiftRight(e.version, 48),
            ends.1,
            ends.2,
            18446744073709551615
        )
    GROUP BY toStartOfDay(e.window_start), e.series_id, e.episode_no, e.platform
    HAVING notEmpty(plays_by_bin)
)
COMMENT 'The bin in which plays ended, by when they started, by day'
