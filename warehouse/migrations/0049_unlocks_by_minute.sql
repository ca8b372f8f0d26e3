-- unlocks_by_minute: unlocks by when they happened, a row for each minute and each combination of
-- dimensions.
--
-- FINAL keeps the highest version of every key: an older version is a shorter prefix of the log and is
-- part of the newer one, so adding both would count twice. Generations and partitions add up. A row counts
-- something only if it counts an unlock: other rows are left out, as rows that are all 0 equal absent
-- ones. Filters on the window and on dimensions reach the table through the view. A ratio over 0 is NULL;
-- its numerator and denominator stand beside it: a ratio over several rows is sum / sum, never a mean of
-- ratios.
--
-- Of each partition and logic epoch only the generations count that epoch_ends leaves it: before the begin
-- of an epoch that took its place, and none while it has not caught up itself.
CREATE OR REPLACE VIEW unlocks_by_minute
(
    window_start DateTime('UTC') COMMENT 'start of the minute, UTC',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    method LowCardinality(String) COMMENT 'coins, ad, subscription, bundle, free_grant or auto_coins',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    unlocks Int64 COMMENT 'unlocks',
    coins_paid Int64 COMMENT 'coins spent that were paid for',
    coins_bonus Int64 COMMENT 'coins spent that were given',
    without_impression Int64 COMMENT 'unlocks that answer no impression',
    without_impression_share Nullable(Float64) COMMENT 'without_impression / unlocks',
    coins Int64 COMMENT 'coins spent: coins_paid + coins_bonus',
    bonus_share Nullable(Float64) COMMENT 'coins_bonus / coins'
)
AS
SELECT
    window_start,
    series_id,
    episode_no,
    method,
    platform,
    country,
    unlocks,
    coins_paid,
    coins_bonus,
    without_impression,
    without_impression / nullIf(unlocks, 0) AS without_impression_share,
    coins_paid + coins_bonus AS coins,
    coins_bonus / nullIf(coins_paid + coins_bonus, 0) AS bonus_share
FROM
(
    WITH (SELECT (groupArray(lineage), groupArray(until_generation)) FROM epoch_ends FINAL) AS ends
    SELECT
        e.window_start AS window_start,
        e.series_id AS series_id,
        e.episode_no AS episode_no,
        e.method AS method,
        e.platform AS platform,
        e.country AS country,
        sum(e.unlocks) AS unlocks,
        sum(e.coins_paid) AS coins_paid,
        sum(e.coins_bonus) AS coins_bonus,
        sum(e.without_impression) AS without_impression
    FROM unlock_minutes AS e FINAL
    WHERE empty(ends.1)
        OR e.generation < transform(
            bitShiftLeft(toUInt64(e.source_epoch), 32) + bitShiftLeft(toUInt32(e.partition), 16) + bitShiftRight(e.version, 48),
            ends.1,
            ends.2,
            18446744073709551615
        )
    GROUP BY e.window_start, e.series_id, e.episode_no, e.method, e.platform, e.country
    HAVING sum(e.unlocks) != 0
)
COMMENT 'Unlocks by when they happened, by minute'
