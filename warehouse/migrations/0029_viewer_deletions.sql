-- viewer_deletions: viewers who asked to be forgotten and whose state was dropped, one row a request.
--
-- ReplacingMergeTree: after a restart a worker meets the same request again and writes it again; its place in
-- the log is its key, so each stands here once. Readers take FINAL.
--
-- ORDER BY source_epoch, partition, offset, line_index   the place of the request: unique.
--
-- No TTL: it is the proof that somebody was forgotten. The pseudonym is all that it says of them. When the
-- last trace was gone is in completed_deletions.
CREATE TABLE IF NOT EXISTS viewer_deletions
(
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the topic',
    offset UInt64 COMMENT 'offset of the message that holds the request',
    line_index UInt32 COMMENT 'which line of the message, from 0',
    viewer_id String COMMENT 'who was forgotten: the pseudonym, as it was in the log',
    requested_at DateTime64(3, 'UTC') COMMENT 'when the viewer asked, as the privacy backend said',
    message_at DateTime64(3, 'UTC') COMMENT 'when Kafka took the request',
    dropped_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse heard that the state was dropped'
)
ENGINE = ReplacingMergeTree
ORDER BY (source_epoch, partition, offset, line_index)
COMMENT 'Viewers who asked to be forgotten and whose state was dropped'
