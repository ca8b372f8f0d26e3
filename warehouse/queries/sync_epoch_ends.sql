-- Copy the spans of all logic epochs to where the views read them. Of two copies the one of more facts wins.
INSERT INTO epoch_ends (lineage, until_generation, facts)
SELECT
    bitShiftLeft(toUInt64(source_epoch), 32) + bitShiftLeft(toUInt32(partition), 16) + logic_epoch,
    until_generation,
    facts
FROM epoch_spans
SETTINGS async_insert = 0, insert_deduplicate = 0, insert_quorum = 'auto'
