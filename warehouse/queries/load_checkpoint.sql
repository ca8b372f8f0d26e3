-- One checkpoint with its state. A retried write may have left two equal rows: either will do.
SELECT
    source_epoch,
    partition,
    logic_epoch,
    next_offset,
    generation,
    watermark_ms,
    viewers,
    received,
    applied,
    redundant,
    excluded,
    quarantined,
    rules_digest,
    state_format,
    state_sha256,
    state,
    worker,
    rules
FROM checkpoints
WHERE source_epoch = {source_epoch:UInt16}
  AND partition = {partition:UInt16}
  AND logic_epoch = {logic_epoch:UInt16}
  AND next_offset = {next_offset:UInt64}
  AND toUnixTimestamp64Milli(written_at) = {written_at_ms:Int64}
LIMIT 1
