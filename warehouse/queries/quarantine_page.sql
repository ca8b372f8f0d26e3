-- Lines that were set aside after a place in the log, in the order of the log; those written twice come twice.
SELECT
    source_epoch,
    partition,
    offset,
    line_index,
    toUnixTimestamp64Milli(message_at) AS message_at_ms,
    toUnixTimestamp64Milli(detected_at) AS detected_at_ms,
    line
FROM quarantine
WHERE (source_epoch, partition, offset, line_index)
    > ({source_epoch:UInt16}, {partition:UInt16}, {offset:UInt64}, {line_index:Int64})
ORDER BY source_epoch, partition, offset, line_index
LIMIT {limit:UInt32}
