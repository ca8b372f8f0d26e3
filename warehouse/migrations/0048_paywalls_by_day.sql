-- paywalls_by_day: paywall impressions, and what became of them, by when they were shown, a row for each
-- day and each combination of dimensions.
--
-- FINAL keeps the highest version of every key: an older version is a shorter prefix of the log and is
-- part of the newer one, so adding both would count twice. Generations and partitions add up. A row counts
-- something only if it counts an impression: other rows are left out, as rows that are all 0 equal absent
-- ones. Filters on the window and on dimensions reach the table through the view. A ratio over 0 is NULL;
-- its numerator and denominator stand beside it: a ratio over several rows is sum / sum, never a mean of
-- ratios.
--
-- Of each partition and logic epoch only the generations count that epoch_ends leaves it: before the begin
-- of an epoch that took its place, and none while it has not caught up itself.
CREATE OR REPLACE VIEW paywalls_by_day
(
    window_start DateTime('UTC') COMMENT 'start of the day, UTC',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    paywall_no UInt8 COMMENT 'number of the gate as the player names it; 0 in the free part or unknown',
    paywall_id LowCardinality(String) COMMENT 'the paywall that was shown',
    trigger LowCardinality(String) COMMENT 'what opened the paywall: auto_next, next_tap, list_tap or deep_link',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    variant LowCardinality(String) COMMENT 'arm of the experiment that the settings name; empty: none',
    impressions Int64 COMMENT 'impressions shown',
    first_impressions Int64 COMMENT 'of these, the first of the viewer at this gate and paywall in 24 h',
    checkouts Int64 COMMENT 'impressions from which a checkout was started',
    dismissals Int64 COMMENT 'impressions that were dismissed',
    payment_failures Int64 COMMENT 'impressions with a failed payment',
    conversions_coins Int64 COMMENT 'impressions answered first by coins',
    conversions_ad Int64 COMMENT 'impressions answered first by an ad',
    conversions_subscription Int64 COMMENT 'impressions answered first by a subscription',
    conversions_bundle Int64 COMMENT 'impressions answered first by a bundle',
    converted_1m Int64 COMMENT 'impressions answered within 1 min',
    converted_5m Int64 COMMENT 'impressions answered within 5 min',
    converted_30m Int64 COMMENT 'impressions answered within 30 min',
    converted_24h Int64 COMMENT 'impressions answered within 24 h',
    played_after Int64 COMMENT 'answered impressions whose episode was started within 5 min',
    revenue_usd_micros Int64 COMMENT 'net revenue of the answered impressions, millionths of a US dollar',
    first_share Nullable(Float64) COMMENT 'first_impressions / impressions',
    checkout_rate Nullable(Float64) COMMENT 'checkouts / impressions',
    dismissal_rate Nullable(Float64) COMMENT 'dismissals / impressions',
    payment_failure_rate Nullable(Float64) COMMENT 'payment_failures / checkouts',
    conversion_rate_1m Nullable(Float64) COMMENT 'converted_1m / impressions',
    conversion_rate_5m Nullable(Float64) COMMENT 'converted_5m / impressions',
    conversion_rate_30m Nullable(Float64) COMMENT 'converted_30m / impressions; alerts watch this one',
    conversion_rate_24h Nullable(Float64) COMMENT 'converted_24h / impressions',
    played_after_share Nullable(Float64) COMMENT 'played_after / converted_24h',
    revenue_usd Float64 COMMENT 'revenue_usd_micros in US dollars; sum the micros where cents matter',
    revenue_usd_per_impression Nullable(Float64) COMMENT 'revenue_usd / impressions'
)
AS
SELECT
    window_start,
    series_id,
    episode_no,
    paywall_no,
    paywall_id,
    trigger,
    platform,
    country,
    variant,
    impressions,
    first_impressions,
    checkouts,
    dismissals,
    payment_failures,
    conversions_coins,
    conversions_ad,
    conversions_subscription,
    conversions_bundle,
    converted_1m,
    converted_5m,
    converted_30m,
    converted_24h,
    played_after,
    revenue_usd_micros,
    first_impressions / nullIf(impressions, 0) AS first_share,
    checkouts / nullIf(impressions, 0) AS checkout_rate,
    dismissals / nullIf(impressions, 0) AS dismissal_rate,
    payment_failures / nullIf(checkouts, 0) AS payment_failure_rate,
    converted_1m / nullIf(impressions, 0) AS conversion_rate_1m,
    converted_5m / nullIf(impressions, 0) AS conversion_rate_5m,
    converted_30m / nullIf(impressions, 0) AS conversion_rate_30m,
    converted_24h / nullIf(impressions, 0) AS conversion_rate_24h,
    played_after / nullIf(converted_24h, 0) AS played_after_share,
    revenue_usd_micros / 1000000 AS revenue_usd,
    revenue_usd / nullIf(impressions, 0) AS revenue_usd_per_impression
FROM
(
    WITH (SELECT (groupArray(lineage), groupArray(until_generation)) FROM epoch_ends FINAL) AS ends
    SELECT
        toStartOfDay(e.window_start) AS window_start,
        e.series_id AS series_id,
        e.episode_no AS episode_no,
        e.paywall_no AS paywall_no,
        e.paywall_id AS paywall_id,
        e.trigger AS trigger,
        e.platform AS platform,
        e.country AS country,
        e.variant AS variant,
        sum(e.impressions) AS impressions,
        sum(e.first_impressions) AS first_impressions,
        sum(e.checkouts) AS checkouts,
        sum(e.dismissals) AS dismissals,
        sum(e.payment_failures) AS payment_failures,
        sum(e.conversions_coins) AS conversions_coins,
        sum(e.conversions_ad) AS conversions_ad,
        sum(e.conversions_subscription) AS conversions_subscription,
        sum(e.conversions_bundle) AS conversions_bundle,
        sum(e.converted_1m) AS converted_1m,
        sum(e.converted_5m) AS converted_5m,
        sum(e.converted_30m) AS converted_30m,
        sum(e.converted_24h) AS converted_24h,
        sum(e.played_after) AS played_after,
        sum(e.revenue_usd_micros) AS revenue_usd_micros
    FROM paywall_minutes AS e FINAL
    WHERE empty(ends.1)
        OR e.generation < transform(
            bitShiftLeft(toUInt64(e.source_epoch), 32) + bitShiftLeft(toUInt32(e.partition), 16) + bitShiftRight(e.version, 48),
            ends.1,
            ends.2,
            18446744073709551615
        )
    GROUP BY toStartOfDay(e.window_start), e.series_id, e.episode_no, e.paywall_no, e.paywall_id, e.trigger, e.platform, e.country, e.variant
    HAVING sum(e.impressions) != 0
)
COMMENT 'Paywall impressions, and what became of them, by when they were shown, by day'
