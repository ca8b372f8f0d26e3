-- The checkpoints of a partition of the log, of every logic_epoch, without their states; equal ones once.
SELECT DISTINCT logic_epoch, next_offset
FROM checkpoints
WHERE source_epoch = {source_epoch:UInt16} AND partition = {partition:UInt16}
ORDER BY logic_epoch DESC, next_offset DESC
