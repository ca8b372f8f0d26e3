-- The logic epochs of a log that have left checkpoints.
SELECT DISTINCT logic_epoch
FROM checkpoints
WHERE source_epoch = {source_epoch:UInt16}
ORDER BY logic_epoch
