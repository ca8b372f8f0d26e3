-- Whether rows of a partition are there; "counted" stands for the name of a counter table.
SELECT 1
FROM counted
WHERE source_epoch = {source_epoch:UInt16}
  AND partition = {partition:UInt16}
  AND bitShiftRight(version, 48) = {logic_epoch:UInt16}
LIMIT 1
