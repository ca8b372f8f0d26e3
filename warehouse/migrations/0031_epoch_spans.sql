-- epoch_spans: which generations of each known logic epoch count, as epochs says.
--
-- An epoch that is shown counts up to the earliest generation at which a later one that is shown begins; one
-- that is not shown counts nothing. `continued` partitions are shown one by one, since the epochs share the
-- past; `recounted` ones all at once, so that no number adds up two meanings.
CREATE VIEW IF NOT EXISTS epoch_spans
(
    source_epoch UInt16 COMMENT 'which log',
    partition UInt16 COMMENT 'partition of the log',
    logic_epoch UInt16 COMMENT 'which code and rules',
    kind LowCardinality(String) COMMENT 'first, continued or recounted',
    shown UInt8 COMMENT '1 when its rows count',
    until_generation UInt64 COMMENT 'its generations count up to this one, which does not; 0: none counts',
    facts UInt64 COMMENT 'how much of epochs this was made of: it only grows'
)
AS
SELECT
    source_epoch,
    partition,
    logic_epoch,
    kind,
    shown,
    if(
        shown,
        ifNull(
            minOrNull(if(shown, begins_at, NULL)) OVER (
                PARTITION BY source_epoch, partition
                ORDER BY logic_epoch DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            18446744073709551615
        ),
        0
    ) AS until_generation,
    facts
FROM
(
    SELECT
        source_epoch,
        partition,
        logic_epoch,
        kind,
        begins_at,
        if(kind = 'recounted', min(reached) OVER (PARTITION BY source_epoch, logic_epoch), reached) AS shown,
        count() OVER () + sum(reached) OVER () AS facts
    FROM epochs FINAL
)
COMMENT 'Which generations of each known logic epoch count'
