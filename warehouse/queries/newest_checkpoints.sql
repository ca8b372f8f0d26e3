-- Which checkpoints a partition has, newest first, without their states.
SELECT
    next_offset,
    toUnixTimestamp64Milli(written_at) AS written_at_ms
FROM checkpoints
WHERE source_epoch = {source_epoch:UInt16}
  AND partition = {partition:UInt16}
  AND logic_epoch = {logic_epoch:UInt16}
ORDER BY next_offset DESC, written_at DESC
