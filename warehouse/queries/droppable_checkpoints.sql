-- Table partitions of `checkpoints` that hold none of the newest checkpoints of a log partition.
-- Equal offsets (a retried write) count once.
SELECT partition_id
FROM
(
    SELECT
        _partition_id AS partition_id,
        dense_rank() OVER (PARTITION BY logic_epoch ORDER BY next_offset DESC) AS age
    FROM checkpoints
    WHERE source_epoch = {source_epoch:UInt16} AND partition = {partition:UInt16}
)
GROUP BY partition_id
HAVING min(age) > {keep:UInt16}
ORDER BY partition_id
