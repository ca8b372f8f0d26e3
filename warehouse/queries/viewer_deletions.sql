-- Every request to be forgotten, the oldest first, and when it was complete (0: it is not).
SELECT
    d.source_epoch,
    d.partition,
    d.offset,
    d.line_index,
    d.viewer_id,
    toUnixTimestamp64Milli(d.requested_at) AS requested_at_ms,
    toUnixTimestamp64Milli(d.message_at) AS message_at_ms,
    toUnixTimestamp64Milli(d.dropped_at) AS dropped_at_ms,
    toUnixTimestamp64Milli(c.completed_at) AS completed_at_ms
FROM viewer_deletions AS d FINAL
LEFT JOIN
(
    SELECT source_epoch, partition, offset, line_index, completed_at
    FROM completed_deletions FINAL
) AS c USING (source_epoch, partition, offset, line_index)
ORDER BY d.message_at, d.source_epoch, d.partition, d.offset, d.line_index
