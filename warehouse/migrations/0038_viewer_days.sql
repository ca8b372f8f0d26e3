-- viewer_days: distinct viewers of a day and how far each came, as each partition of the log counts
-- them, in full: a viewer is in one partition, so partitions add up. BI reads viewers_by_day.
--
-- ReplacingMergeTree(version): the fold writes a row again, with its full value, whenever it changed;
-- the row of the longest prefix of the log is the true one. When copies merge is not known, so no
-- reader counts on it: the views take the highest version of every key.
--
-- It replaces the table of that name, whose sort key did not tell logic epochs apart: a row that a new
-- epoch does not write again was its own and stayed. Rows are carried over; the replacement is one step,
-- and doing it twice changes nothing. What is written while it runs may be lost: stop the workers before.
--
-- ORDER BY toDate(window_start)                 every question has a span of days
--          platform, country,
--          tenure, payer_state                  the dimensions; few rows a day, so their order matters little
--          window_start                         the same day again: the key reads alike in every table
--          source_epoch, partition, generation  the lineage: who counted this share of the row
--          version >> 48                        the logic epoch: the same row of two is two rows, and the
--                                               views say which counts
--
-- PARTITION BY month of the window: the same in every copy of a key.
CREATE OR REPLACE TABLE viewer_days
(
    window_start DateTime('UTC') COMMENT 'the day, UTC',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    tenure LowCardinality(String) COMMENT 'new (installed on that day), returning or unknown',
    payer_state LowCardinality(String) COMMENT 'never, lapsed, coin_payer or subscriber; empty: unknown',
    source_epoch UInt16 COMMENT 'which log the row was counted from',
    partition UInt16 COMMENT 'partition of the log that counted it; partitions add up',
    generation UInt64 COMMENT 'generation of the row; generations add up',
    version UInt64 COMMENT 'logic_epoch << 48 | next_offset: of one key the highest is true',
    active Int64 COMMENT 'viewers with any event',
    watched Int64 COMMENT 'viewers with a valid play started that day',
    met_paywall Int64 COMMENT 'viewers to whom a paywall was shown',
    started_checkout Int64 COMMENT 'viewers who started a checkout',
    unlocked Int64 COMMENT 'viewers who unlocked an episode',
    paid Int64 COMMENT 'viewers with a purchase above 0',
    played_after_unlock Int64 COMMENT 'viewers who started the unlocked episode within 5 min',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse took this version'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(window_start)
PRIMARY KEY (toDate(window_start))
ORDER BY (
    toDate(window_start),
    platform,
    country,
    tenure,
    payer_state,
    window_start,
    source_epoch,
    partition,
    generation,
    bitShiftRight(version, 48)
)
COMMENT 'Daily funnel of viewers, one row a version'
AS SELECT * FROM viewer_days
