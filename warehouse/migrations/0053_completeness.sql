-- completeness: how far every partition of the log has been counted, by its newest checkpoint.
--
-- complete_until is the smallest watermark of the partitions of one log: what was received before it, on
-- whatever partition, is in the tables. A partition that never had a checkpoint is not known here.
--
-- Of a partition with several logic epochs: the newest that is shown, as the other views show it.
CREATE OR REPLACE VIEW completeness
(
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the log',
    logic_epoch UInt16 COMMENT 'code and rules of the newest checkpoint',
    next_offset UInt64 COMMENT 'first offset that it does not cover',
    watermark DateTime64(3, 'UTC') COMMENT 'greatest trusted receive time it has seen',
    complete_until DateTime64(3, 'UTC') COMMENT 'the smallest watermark of the partitions of this log',
    viewers UInt64 COMMENT 'viewers in the state',
    checkpoint_at DateTime64(3, 'UTC') COMMENT 'when the warehouse took the checkpoint'
)
AS
SELECT
    source_epoch,
    partition,
    newest.1 AS logic_epoch,
    newest.2 AS next_offset,
    fromUnixTimestamp64Milli(newest.3, 'UTC') AS watermark,
    min(watermark) OVER (PARTITION BY source_epoch) AS complete_until,
    newest.4 AS viewers,
    newest.5 AS checkpoint_at
FROM
(
    SELECT
        source_epoch,
        partition,
        max((logic_epoch, next_offset, watermark_ms, viewers, written_at)) AS newest
    FROM checkpoints
    WHERE bitShiftLeft(toUInt64(source_epoch), 32) + bitShiftLeft(toUInt32(partition), 16) + logic_epoch NOT IN (
        SELECT lineage FROM epoch_ends FINAL WHERE until_generation = 0
    )
    GROUP BY source_epoch, partition
)
COMMENT 'How far each partition of the log has been counted'
