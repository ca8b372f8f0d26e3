-- quarantine_replays: what became of quarantined lines when somebody replayed them after a mend.
--
-- ReplacingMergeTree: of a line that was replayed more than once, the last time. Readers take FINAL.
--
-- ORDER BY source_epoch, partition, offset, line_index   the place of the line, as in quarantine.
-- PARTITION BY day, so that what is older than the lines themselves leaves as whole parts.
CREATE TABLE IF NOT EXISTS quarantine_replays
(
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the topic',
    offset UInt64 COMMENT 'offset of the message',
    line_index UInt32 COMMENT 'which line of the message, from 0',
    outcome LowCardinality(String) COMMENT 'sent: it can be used; requeued: sent all the same; dropped: left out for good',
    replayed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse took this'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(replayed_at)
ORDER BY (source_epoch, partition, offset, line_index)
TTL toDateTime(replayed_at) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'What became of quarantined lines that were replayed'
