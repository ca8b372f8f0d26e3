-- What is noted of the logic epochs of a log, oldest first.
SELECT
    source_epoch,
    logic_epoch,
    partition,
    kind,
    begins_at,
    from_logic_epoch,
    from_offset,
    shown_from,
    reached
FROM epochs FINAL
WHERE source_epoch = {source_epoch:UInt16}
ORDER BY logic_epoch, partition
