-- How far the newest log is complete, and when the warehouse last took a row and a checkpoint.
SELECT
    (SELECT toUnixTimestamp64Milli(argMax(complete_until, source_epoch)) FROM completeness) AS complete_until_ms,
    (SELECT toUnixTimestamp64Milli(max(checkpoint_at)) FROM completeness) AS checkpoint_at_ms,
    (SELECT toUnixTimestamp64Milli(max(written_at)) FROM episode_minutes) AS playback_at_ms,
    (SELECT toUnixTimestamp64Milli(max(written_at)) FROM paywall_minutes) AS paywall_at_ms
