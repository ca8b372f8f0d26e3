-- quarantine: lines that could not be used, as the bytes they were, with the reason, for 14 days.
--
-- ReplacingMergeTree: after a restart a worker finds the same lines again and writes them again; their
-- place in the log is their key, so each stands here once. Readers take FINAL.
--
-- ORDER BY source_epoch, partition, offset, line_index   the place of the line: unique, and the order in which
--                                                        a replay reads.
-- PARTITION BY day of the message (Kafka's time, the same in every copy). The 14 days run from when the
-- line was found, so that the replay of an old log loses none; then whole parts go.
CREATE TABLE IF NOT EXISTS quarantine
(
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the topic',
    offset UInt64 COMMENT 'offset of the message',
    line_index UInt32 COMMENT 'which line of the message, from 0',
    reason LowCardinality(String) COMMENT 'why the line could not be used, of a closed list',
    line String COMMENT 'the line, byte for byte; it need not be UTF-8' CODEC(ZSTD(3)),
    message_at DateTime64(3, 'UTC') COMMENT 'when Kafka took the message',
    detected_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse took the line'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(message_at)
ORDER BY (source_epoch, partition, offset, line_index)
TTL toDateTime(detected_at) + INTERVAL 14 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Lines that could not be used, with the reason'
