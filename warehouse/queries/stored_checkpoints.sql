-- The checkpoints that are stored of a log, without their states, the newest of each partition and epoch first.
SELECT
    partition,
    logic_epoch,
    next_offset,
    generation,
    watermark_ms,
    viewers,
    size,
    received,
    toInt64(received) - toInt64(applied) - toInt64(redundant) - toInt64(excluded) - toInt64(quarantined) AS unaccounted,
    state_format,
    worker,
    toUnixTimestamp64Milli(written_at) AS written_at_ms
FROM checkpoints
WHERE source_epoch = {source_epoch:UInt16}
ORDER BY partition, logic_epoch, next_offset DESC, written_at DESC
