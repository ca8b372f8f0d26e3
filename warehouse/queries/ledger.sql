-- The lines of the newest checkpoints and their outcomes, over all partitions of one log.
SELECT
    source_epoch,
    sum(received) AS received,
    sum(applied) AS applied,
    sum(redundant) AS redundant,
    sum(excluded) AS excluded,
    sum(quarantined) AS quarantined,
    sum(unaccounted) AS unaccounted
FROM conservation
GROUP BY source_epoch
ORDER BY source_epoch
