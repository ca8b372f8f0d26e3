-- episode_minutes: the playback counters of the plays that started in a minute, as each partition of the
-- log counts them, in full. BI reads episodes_by_minute, episodes_by_hour and episodes_by_day.
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
--          paywall_no, platform, country        the other dimensions, the coarser first: long runs, small files
--          window_start                         the minute, which makes the key unique
--          source_epoch, partition, generation  the lineage: who counted this share of the row
--          version >> 48                        the logic epoch: the same row of two is two rows, and the
--                                               views say which counts
--
-- PRIMARY KEY the part of it that finds rows; the rest only tells them apart. The index by_window lets a
-- filter on hours of the window, which the day in the key cannot answer, skip what it need not read.
-- PARTITION BY month of the window: the same in every copy of a key.
CREATE OR REPLACE TABLE episode_minutes
(
    window_start DateTime('UTC') COMMENT 'minute in which the plays started',
    series_id LowCardinality(String) COMMENT 'series',
    episode_no UInt16 COMMENT 'number of the episode in its series, from 1',
    paywall_no UInt8 COMMENT 'number of the gate as the player names it; 0 in the free part or unknown',
    platform LowCardinality(String) COMMENT 'ios, android, web or tv',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2',
    source_epoch UInt16 COMMENT 'which log the row was counted from',
    partition UInt16 COMMENT 'partition of the log that counted it; partitions add up',
    generation UInt64 COMMENT 'generation of the row; generations add up',
    version UInt64 COMMENT 'logic_epoch << 48 | next_offset: of one key the highest is true',
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
    platform,
    country,
    window_start,
    source_epoch,
    partition,
    generation,
    bitShiftRight(version, 48)
)
COMMENT 'Playback counters by minute, one row a version'
AS SELECT * FROM episode_minutes
