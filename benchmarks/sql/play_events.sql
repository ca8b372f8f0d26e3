-- Events of plays, parsed. Sorted by what plays are counted by; -1 is absent.
CREATE TABLE play_events
(
    viewer_id String,
    playback_id String,
    at Int64,
    event_id String,
    is_start Bool,
    platform LowCardinality(String),
    country LowCardinality(String),
    series_id LowCardinality(String),
    episode_no UInt16,
    paywall_no UInt8,
    duration_ms Int64,
    start_reason LowCardinality(String),
    start_position_ms Int64,
    position_ms Int64,
    played_ms Int64,
    watched_ms Int64
)
ENGINE = MergeTree
ORDER BY (viewer_id, playback_id)
