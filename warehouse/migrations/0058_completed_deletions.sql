-- completed_deletions: which requests of viewer_deletions left no trace, and since when it is known.
--
-- A table of its own: a worker that meets a request again writes its row again, and must not undo this.
--
-- ReplacingMergeTree: two people may complete the same request. Readers take FINAL.
--
-- ORDER BY source_epoch, partition, offset, line_index   the place of the request: unique.
CREATE TABLE IF NOT EXISTS completed_deletions
(
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the topic',
    offset UInt64 COMMENT 'offset of the message that held the request',
    line_index UInt32 COMMENT 'which line of the message, from 0',
    completed_at DateTime64(3, 'UTC') COMMENT 'when nothing of the viewer was found any more but counts'
)
ENGINE = ReplacingMergeTree
ORDER BY (source_epoch, partition, offset, line_index)
COMMENT 'When requests to be forgotten were complete'
