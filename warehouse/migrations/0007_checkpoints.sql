-- checkpoints: the state of a partition of the log after a prefix of it, one row a checkpoint. The
-- newest row that verifies decides where a worker goes on.
--
-- MergeTree: a checkpoint is written once and never changed. A write that was retried after a lost
-- acknowledgement leaves two equal rows, which is harmless.
--
-- ORDER BY source_epoch, partition, logic_epoch   what a worker asks for when it takes a partition;
--          next_offset                            the newest of them.
--
-- PARTITION BY the partition of the log and ten minutes of writing: old checkpoints leave by DROP
-- PARTITION, which deletes files and rewrites none, while the newest two of any partition of the log,
-- however long it has been quiet, stand in parts of their own. A merge would copy states of tens of
-- megabytes for nothing: parts above 1 MiB are left alone.
CREATE TABLE IF NOT EXISTS checkpoints
(
    source_epoch UInt16 COMMENT 'which log; raised when the topic is created anew',
    partition UInt16 COMMENT 'partition of the topic',
    logic_epoch UInt16 COMMENT 'which code and rules made the state',
    next_offset UInt64 COMMENT 'first offset that is not in the state',
    generation UInt64 COMMENT 'generation of rows that is open',
    watermark_ms Int64 COMMENT 'greatest trusted receive time seen, ms since the epoch',
    viewers UInt64 COMMENT 'viewers in the state',
    received UInt64 COMMENT 'lines received since the beginning of the log',
    applied UInt64 COMMENT 'of these, lines that changed the state',
    redundant UInt64 COMMENT 'of these, lines that changed nothing',
    excluded UInt64 COMMENT 'of these, lines of sandbox and internal traffic',
    quarantined UInt64 COMMENT 'of these, lines set aside with a reason',
    rules_digest String COMMENT 'digest of the rules of the fold; equal within a logic_epoch',
    state_format UInt16 COMMENT 'layout of the state',
    state_sha256 String COMMENT 'SHA-256 of the state, hex',
    state String COMMENT 'the packed state; compressed by its writer' CODEC(NONE),
    size UInt64 COMMENT 'bytes of the state',
    worker LowCardinality(String) COMMENT 'who wrote it; for people',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse took it'
)
ENGINE = MergeTree
PARTITION BY (source_epoch, partition, toStartOfTenMinutes(written_at))
ORDER BY (source_epoch, partition, logic_epoch, next_offset)
SETTINGS max_bytes_to_merge_at_max_space_in_pool = 1048576, max_bytes_to_merge_at_min_space_in_pool = 1048576
COMMENT 'State of each partition of the log, one row a checkpoint'
