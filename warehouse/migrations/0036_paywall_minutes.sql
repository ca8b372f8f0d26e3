-- paywall_minutes: what became of the paywall impressions of a minute, as each partition of the log counts
-- them, in full. BI reads paywalls_by_minute, paywalls_by_hour, paywalls_by_day; alerts read
-- paywall_conversion.
--
-- ReplacingMergeTree(version): the fold writes a row again, with its full value, whenever it changed;
-- the row of the longest prefix of the log is the true one. When copies merge is not known, so no
-- reader counts on it: the views take the highest version of every key.
--
-- It replaces the table of that name, whose sort key did not tell logic epochs apart: a row that a new
-- epoch does not write again was its own and stayed. Rows are carried over; the replacement is one step,
-- and doing it twice changes nothing. What is written while it runs may be lost: stop the workers before.
--
-- ORDER BY toDate(window_start)                 every question has a span of time: a day is one range
--          series_id, episode_no                a gate is an episode of a title: within a day its rows lie together
--          paywall_no, paywall_id, trigger,
--          platform, country, variant           the other dimensions, those that the gate decides first
--          window_start                         the minute, which makes the key unique
--          source_epoch, partition, generation  the lineage: who counted this share of the row
--          version >> 48                        the logic epoch: the same row of two is two rows, and the
--                                               views say which counts
--
-- PRIMARY KEY the part of it that finds rows; the rest only tells them apart. The index by_window lets a
-- filter on hours of the window, which the day in the key cannot answer, skip what it need not read.
-- PARTITION BY month of the window: the same in every copy of a key.
CREATE OR REPLACE TABLE paywall_minutes
(
    window_start DateTime('UTC') COMMENT 'minute in which the paywall was shown',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    paywall_no UInt8 COMMENT 'number of the gate as the player names it; 0 in the free part or unknown',
    paywall_id LowCardinality(String) COMMENT 'the paywall that was shown',
    trigger LowCardinality(String) COMMENT 'what opened the paywall: auto_next, next_tap, list_tap or deep_link',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    variant LowCardinality(String) COMMENT 'arm of the experiment that the settings name; empty: none',
    source_epoch UInt16 COMMENT 'which log the row was counted from',
    partition UInt16 COMMENT 'partition of the log that counted it; partitions add up',
    generation UInt64 COMMENT 'generation of the row; generations add up',
    version UInt64 COMMENT 'logic_epoch << 48 | next_offset: of one key the highest is true',
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
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse took this version',
    INDEX by_window window_start TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
PRIMARY KEY (toDate(window_start), series_id, episode_no)
ORDER BY (
    toDate(window_start),
    series_id,
    episode_no,
    paywall_no,
    paywall_id,
    trigger,
    platform,
    country,
    variant,
    window_start,
    source_epoch,
    partition,
    generation,
    bitShiftRight(version, 48)
)
COMMENT 'Paywall counters by minute, one row a version'
AS SELECT * FROM paywall_minutes
