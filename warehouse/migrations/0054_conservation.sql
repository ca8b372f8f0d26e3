-- conservation: nothing vanishes. Of the newest checkpoint of every partition: the lines received, their
-- outcomes, and the difference, which the law says is 0.
--
-- Of a partition with several logic epochs: the newest that is shown, as the other views show it.
CREATE OR REPLACE VIEW conservation
(
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the log',
    logic_epoch UInt16 COMMENT 'code and rules of the newest checkpoint',
    next_offset UInt64 COMMENT 'first offset that it does not cover',
    received UInt64 COMMENT 'lines received since the beginning of the log',
    applied UInt64 COMMENT 'of these, lines that changed the state',
    redundant UInt64 COMMENT 'of these, lines that changed nothing',
    excluded UInt64 COMMENT 'of these, lines of sandbox and internal traffic',
    quarantined UInt64 COMMENT 'of these, lines set aside with a reason',
    unaccounted Int64 COMMENT 'received - applied - redundant - excluded - quarantined; anything but 0 is a fault'
)
AS
SELECT
    source_epoch,
    partition,
    newest.1 AS logic_epoch,
    newest.2 AS next_offset,
    newest.3 AS received,
    newest.4 AS applied,
    newest.5 AS redundant,
    newest.6 AS excluded,
    newest.7 AS quarantined,
    toInt64(received) - toInt64(applied) - toInt64(redundant) - toInt64(excluded) - toInt64(quarantined) AS unaccounted
FROM
(
    SELECT
        source_epoch,
        partition,
        max((logic_epoch, next_offset, received, applied, redundant, excluded, quarantined)) AS newest
    FROM checkpoints
    WHERE bitShiftLeft(toUInt64(source_epoch), 32) + bitShiftLeft(toUInt32(partition), 16) + logic_epoch NOT IN (
        SELECT lineage FROM epoch_ends FINAL WHERE until_generation = 0
    )
    GROUP BY source_epoch, partition
)
COMMENT 'Lines received and what became of them; the difference must be 0'
