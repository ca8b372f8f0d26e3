-- The logic epochs that have rows of a partition; "counted" stands for the name of a counter table.
SELECT DISTINCT bitShiftRight(version, 48)
FROM counted
WHERE source_epoch = {source_epoch:UInt16}
  AND partition = {partition:UInt16}
