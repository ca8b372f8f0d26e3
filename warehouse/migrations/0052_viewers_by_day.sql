-- viewers_by_day: the daily funnel of distinct viewers, a row for each day and each combination of
-- dimensions.
--
-- FINAL keeps the highest version of every key: an older version is a shorter prefix of the log and is
-- part of the newer one, so adding both would count twice. Generations and partitions add up. A row counts
-- something only if it counts an active viewer: other rows are left out, as rows that are all 0 equal
-- absent ones. Filters on the window and on dimensions reach the table through the view. A ratio over 0 is
-- NULL; its numerator and denominator stand beside it: a ratio over several rows is sum / sum, never a
-- mean of ratios.
--
-- Of each partition and logic epoch only the generations count that epoch_ends leaves it: before the begin
-- of an epoch that took its place, and none while it has not caught up itself.
CREATE OR REPLACE VIEW viewers_by_day
(
    window_start DateTime('UTC') COMMENT 'start of the day, UTC',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    tenure LowCardinality(String) COMMENT 'new (installed on that day), returning or unknown',
    payer_state LowCardinality(String) COMMENT 'never, lapsed, coin_payer or subscriber; empty: unknown',
    active Int64 COMMENT 'viewers with any event',
    watched Int64 COMMENT 'viewers with a valid play started that day',
    met_paywall Int64 COMMENT 'viewers to whom a paywall was shown',
    started_checkout Int64 COMMENT 'viewers who started a checkout',
    unlocked Int64 COMMENT 'viewers who unlocked an episode',
    paid Int64 COMMENT 'viewers with a purchase above 0',
    played_after_unlock Int64 COMMENT 'viewers who started the unlocked episode within 5 min',
    watched_share Nullable(Float64) COMMENT 'watched / active',
    met_paywall_share Nullable(Float64) COMMENT 'met_paywall / active',
    started_checkout_share Nullable(Float64) COMMENT 'started_checkout / active',
    unlocked_share Nullable(Float64) COMMENT 'unlocked / active',
    paid_share Nullable(Float64) COMMENT 'paid / active',
    played_after_unlock_share Nullable(Float64) COMMENT 'played_after_unlock / active'
)
AS
SELECT
    window_start,
    platform,
    country,
    tenure,
    payer_state,
    active,
    watched,
    met_paywall,
    started_checkout,
    unlocked,
    paid,
    played_after_unlock,
    watched / nullIf(active, 0) AS watched_share,
    met_paywall / nullIf(active, 0) AS met_paywall_share,
    started_checkout / nullIf(active, 0) AS started_checkout_share,
    unlocked / nullIf(active, 0) AS unlocked_share,
    paid / nullIf(active, 0) AS paid_share,
    played_after_unlock / nullIf(active, 0) AS played_after_unlock_share
FROM
(
    WITH (SELECT (groupArray(lineage), groupArray(until_generation)) FROM epoch_ends FINAL) AS ends
    SELECT
        e.window_start AS window_start,
        e.platform AS platform,
        e.country AS country,
        e.tenure AS tenure,
        e.payer_state AS payer_state,
        sum(e.active) AS active,
        sum(e.watched) AS watched,
        sum(e.met_paywall) AS met_paywall,
        sum(e.started_checkout) AS started_checkout,
        sum(e.unlocked) AS unlocked,
        sum(e.paid) AS paid,
        sum(e.played_after_unlock) AS played_after_unlock
    FROM viewer_days AS e FINAL
    WHERE empty(ends.1)
        OR e.generation < transform(
            bitShiftLeft(toUInt64(e.source_epoch), 32) + bitShiftLeft(toUInt32(e.partition), 16) + bitShiftRight(e.version, 48),
            ends.1,
            ends.2,
            18446744073709551615
        )
    GROUP BY e.window_start, e.platform, e.country, e.tenure, e.payer_state
    HAVING sum(e.active) != 0
)
COMMENT 'The daily funnel of distinct viewers, by day'
