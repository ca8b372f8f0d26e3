-- unlock_minutes: the unlocks of a minute, each once, as each partition of the log counts them, in full.
-- BI reads unlocks_by_minute, unlocks_by_hour, unlocks_by_day.
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
--          series_id, episode_no                most questions are about a title: within a day its rows lie together
--          method, platform, country            the other dimensions, the coarser first
--          window_start                         the minute, which makes the key unique
--          source_epoch, partition, generation  the lineage: who counted this share of the row
--          version >> 48                        the logic epoch: the same row of two is two rows, and the
--                                               views say which counts
--
-- PRIMARY KEY the part of it that finds rows; the rest only tells them apart. The index by_window lets a
-- filter on hours of the window, which the day in the key cannot answer, skip what it need not read.
-- PARTITION BY month of the window: the same in every copy of a key.
CREATE OR REPLACE TABLE unlock_minutes
(
    window_start DateTime('UTC') COMMENT 'minute of the unlocks',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    method LowCardinality(String) COMMENT 'coins, ad, subscription, bundle, free_grant or auto_coins',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    source_epoch UInt16 COMMENT 'which log the row was counted from',
    partition UInt16 COMMENT 'partition of the log that counted it; partitions add up',
    generation UInt64 COMMENT 'generation of the row; generations add up',
    version UInt64 COMMENT 'logic_epoch << 48 | next_offset: of one key the highest is true',
    unlocks Int64 COMMENT 'unlocks',
    coins_paid Int64 COMMENT 'coins spent that were paid for',
    coins_bonus Int64 COMMENT 'coins spent that were given',
    without_impression Int64 COMMENT 'unlocks that answer no impression',
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
    method,
    platform,
    country,
    window_start,
    source_epoch,
    partition,
    generation,
    bitShiftRight(version, 48)
)
COMMENT 'Unlocks by minute, one row a version'
AS SELECT * FROM unlock_minutes
