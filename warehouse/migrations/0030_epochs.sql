-- epochs: the logic epochs that took the place of another, by partition of the log: where each begins, what
-- it goes on from, and whether it has come far enough to be shown. A database with one epoch has no rows.
--
-- `continued`: it goes on from the state of the epoch before it. Its rows count from the generation that
-- was open in that state, which it owns anew; of the epoch before it, the generations before that one.
-- `recounted`: it counts the log from its beginning, and everything of the epochs before it goes.
-- `first`: it was there before any other, and is noted so that its end can be told.
--
-- ReplacingMergeTree(reached): a row is written when an epoch begins, by `cliffhanger epoch new`, and once
-- more by the worker whose checkpoint reaches `shown_from`. It is never taken back. Readers take FINAL.
--
-- ORDER BY source_epoch, logic_epoch, partition   an epoch is read as a whole; few rows in all.
CREATE TABLE IF NOT EXISTS epochs
(
    source_epoch UInt16 COMMENT 'which log',
    logic_epoch UInt16 COMMENT 'which code and rules',
    partition UInt16 COMMENT 'partition of the log',
    kind LowCardinality(String) COMMENT 'first, continued or recounted',
    begins_at UInt64 COMMENT 'its first generation: from there on older epochs do not count',
    from_logic_epoch UInt16 COMMENT 'the epoch whose place it takes; its own number: none',
    from_offset UInt64 COMMENT 'next_offset of the state that it goes on from; 0: the beginning of the log',
    shown_from UInt64 COMMENT 'it counts once a worker has left a checkpoint at this next_offset or past it',
    reached UInt8 COMMENT '1 when there is such a checkpoint; recounted partitions are shown all at once',
    noted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the warehouse took this row'
)
ENGINE = ReplacingMergeTree(reached)
ORDER BY (source_epoch, logic_epoch, partition)
COMMENT 'Logic epochs that took the place of another, one row a partition'
