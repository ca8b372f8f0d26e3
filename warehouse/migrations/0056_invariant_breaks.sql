-- invariant_breaks: what must always hold and did not, as the worker saw it that looked after the partition,
-- for 90 days. Empty on a good day; on-call reads it first.
--
-- MergeTree: a break is told once by each worker that sees it, when it begins.
--
-- ORDER BY seen_at   the newest are asked for, over all partitions; few rows.
-- PARTITION BY month, so that what is 90 days old leaves as whole parts.
CREATE TABLE IF NOT EXISTS invariant_breaks
(
    seen_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse took it',
    invariant LowCardinality(String) COMMENT 'which: conservation, no_way_back, rows_near_checkpoint or retention',
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the log',
    logic_epoch UInt16 COMMENT 'which code and rules',
    next_offset UInt64 COMMENT 'where the state stood',
    detail String COMMENT 'what was found, in a sentence; no ids and no payload',
    worker LowCardinality(String) COMMENT 'who saw it'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(seen_at)
ORDER BY seen_at
TTL toDateTime(seen_at) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What must always hold and did not'
