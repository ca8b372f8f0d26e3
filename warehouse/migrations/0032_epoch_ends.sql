-- epoch_ends: epoch_spans as it was when epochs last changed, in the form in which every view of counters
-- filters by it: a lineage, and the generation at which it ends. Empty while there is one logic epoch.
--
-- It is a table because every question to a view reads it, and working the spans out takes longer than many
-- a question. Who writes to epochs copies epoch_spans here right after.
--
-- ReplacingMergeTree(facts): facts only grow, so of two copies the one that was made of more wins, whichever
-- comes last. Readers take FINAL.
--
-- ORDER BY lineage   a few rows, read as a whole.
CREATE TABLE IF NOT EXISTS epoch_ends
(
    lineage UInt64 COMMENT 'source_epoch << 32 | partition << 16 | logic_epoch',
    until_generation UInt64 COMMENT 'its generations count up to this one, which does not; 0: none counts',
    facts UInt64 COMMENT 'how much of epochs this was made of'
)
ENGINE = ReplacingMergeTree(facts)
ORDER BY lineage
COMMENT 'Up to which generation each known logic epoch counts'
