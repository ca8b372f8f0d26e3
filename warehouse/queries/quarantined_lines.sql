-- Quarantined lines of a log past a place, in the order of their places, that nobody has replayed.
SELECT
    q.source_epoch,
    q.partition,
    q.offset,
    q.line_index,
    q.reason,
    q.line,
    toUnixTimestamp64Milli(q.message_at)
FROM quarantine AS q FINAL
WHERE q.source_epoch = {source_epoch:UInt16}
  AND (q.partition, q.offset, q.line_index) > ({partition:UInt16}, {offset:UInt64}, {line_index:Int64})
  AND (empty({reasons:String}) OR has(splitByChar(',', {reasons:String}), q.reason))
  AND (q.source_epoch, q.partition, q.offset, q.line_index) NOT IN (
      SELECT source_epoch, partition, offset, line_index FROM quarantine_replays
  )
ORDER BY q.partition, q.offset, q.line_index
LIMIT {most:UInt32}
