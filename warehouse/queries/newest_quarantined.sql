-- The newest lines that were set aside, newest first; of one reason, or of any where it is ''.
SELECT source_epoch, partition, offset, line_index, reason, toUnixTimestamp64Milli(message_at) AS message_at_ms, line
FROM quarantine FINAL
WHERE ({reason:String} = '' OR reason = {reason:String})
  AND message_at >= toDateTime({since:UInt32}, 'UTC')
  AND message_at < toDateTime({until:UInt32}, 'UTC')
ORDER BY message_at DESC, source_epoch, partition, offset, line_index
LIMIT {limit:UInt32}
