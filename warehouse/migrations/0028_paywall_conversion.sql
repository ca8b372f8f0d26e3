-- paywall_conversion: the conversion rate that alerts watch, by minute, and whether it is settled.
--
-- A conversion counts in the window of its impression and may come 30 min later. So a window is
-- provisional until the log has been counted to 30 min past its end: complete_until of the newest log,
-- the smallest watermark of its partitions. Without a checkpoint every window is provisional.
CREATE VIEW IF NOT EXISTS paywall_conversion
(
    window_start DateTime('UTC') COMMENT 'start of the minute, UTC',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the locked episode',
    paywall_no UInt8 COMMENT 'number of the gate',
    paywall_id LowCardinality(String) COMMENT 'the paywall that was shown',
    trigger LowCardinality(String) COMMENT 'what opened the paywall',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    variant LowCardinality(String) COMMENT 'arm of the experiment; empty: none',
    impressions Int64 COMMENT 'impressions shown',
    checkouts Int64 COMMENT 'impressions from which a checkout was started',
    payment_failures Int64 COMMENT 'impressions with a failed payment',
    converted_30m Int64 COMMENT 'impressions answered within 30 min',
    conversion_rate_30m Nullable(Float64) COMMENT 'converted_30m / impressions',
    provisional UInt8 COMMENT '1 while conversions of the window may still come, then 0'
)
AS
SELECT
    p.window_start AS window_start,
    p.series_id AS series_id,
    p.episode_no AS episode_no,
    p.paywall_no AS paywall_no,
    p.paywall_id AS paywall_id,
    p.trigger AS trigger,
    p.platform AS platform,
    p.country AS country,
    p.variant AS variant,
    p.impressions AS impressions,
    p.checkouts AS checkouts,
    p.payment_failures AS payment_failures,
    p.converted_30m AS converted_30m,
    p.conversion_rate_30m AS conversion_rate_30m,
    p.window_start + INTERVAL 1 MINUTE + INTERVAL 30 MINUTE > ifNull(
        (SELECT argMax(complete_until, source_epoch) FROM completeness),
        toDateTime64(0, 3, 'UTC')
    ) AS provisional
FROM paywalls_by_minute AS p
COMMENT 'Conversion within 30 min by minute, provisional or settled'
