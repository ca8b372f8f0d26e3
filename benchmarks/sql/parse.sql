-- Every line of a play in production: parsed once, its event time computed.
INSERT INTO play_events
SELECT
    e.viewer_id,
    e.playback_id,
    ifNull(e.received_at, 0) - e.sent_at + e.occurred_at AS at,
    e.event_id,
    e.event_type = 'play_start' AS is_start,
    e.platform,
    e.country,
    e.series_id,
    e.episode_no,
    e.paywall_no,
    e.duration_ms,
    e.start_reason,
    e.start_position_ms,
    e.position_ms,
    ifNull(e.played_ms, -1),
    ifNull(e.watched_ms, -1)
FROM
(
    SELECT
        JSONExtract(
            line,
            'Tuple(event_type String, event_id String, viewer_id String, environment String, occurred_at Int64, sent_at Int64, received_at Nullable(Int64), platform String, country String, playback_id String, series_id String, episode_no UInt16, paywall_no UInt8, duration_ms Int64, start_reason String, start_position_ms Int64, position_ms Int64, played_ms Nullable(Int64), watched_ms Nullable(Int64))'
        ) AS e
    FROM lines
)
WHERE
    e.environment = 'production'
    AND e.event_type IN ('play_start', 'heartbeat', 'pause', 'resume', 'seek', 'stall', 'player_error', 'play_end')
